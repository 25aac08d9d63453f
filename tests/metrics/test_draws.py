"""Several outputs a prompt: every figure again in plain Python, and what pairs with what."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.errors import DataError
from unswayed.metrics import columns_of, measure
from unswayed.metrics.compare import compare
from unswayed.metrics.draws import agreement, majority, prompts_of

WRONG = "wrong-think"
K = 4


def _drawn(row, n=30, k=K, seed=1):
    """Return a run of n samples with k outputs in base and under a text, some of them lost."""
    rng = random.Random(seed)
    rows = []
    for number in range(n):
        for variant, draw in itertools.product(("base", WRONG), range(k)):
            mass = [rng.random() ** 3 + 1e-3 for _ in "ABCD"]
            p = [one / sum(mass) for one in mass]
            answer = rng.choices(["A", "B", "C", "D", None], [*p, 0.1])[0]
            status = "error" if rng.random() < 0.05 else "stop"
            rows.append(
                row(
                    f"s{number:02}",
                    variant,
                    answer,
                    draw=draw,
                    p=None if answer is None or rng.random() < 0.1 else p,
                    status=status,
                    cluster=f"c{number // 2}",
                    verdict="skipped"
                    if status == "error"
                    else rng.choice(["consistent", "inconsistent"]),
                )
            )
    return rows


def _answer(generation):
    return generation.text.split("<answer>")[1][0] if "<answer>" in generation.text else None


def _by_prompt(rows):
    """Return (sample, variant) → its outputs that completed, by draw; from the records alone."""
    table = {}
    for variant, generation, _ in rows:
        outputs = table.setdefault((variant.sample.id, variant.name), {})
        if generation.status != "error":
            letters = generation.letters.probabilities if generation.letters else None
            outputs[generation.draw] = (_answer(generation), letters)
    return table


def _marginal(outputs):
    known = [letters for _, letters in outputs.values() if letters]
    if not known:
        return None
    return {a: math.fsum(p[a] for p in known) / len(known) for a in "ABCD"}


def _entropy(p):
    return -math.fsum(x * math.log(x) for x in p.values() if x)


def _auroc(scored):
    good = [score for score, label in scored if label]
    bad = [score for score, label in scored if not label]
    wins = sum((g > b) + (g == b) / 2 for g in good for b in bad)
    return wins / (len(good) * len(bad))


def test_marginal_figures_are_those_of_plain_python(row, find):
    rows = _drawn(row)
    table = _by_prompt(rows)
    estimates = measure(columns_of(rows), resamples=100)
    for variant in ("base", WRONG):
        found = {name: _marginal(outputs) for (name, v), outputs in table.items() if v == variant}
        known = [p for p in found.values() if p]
        assert 0 < len(known) <= 30
        h, p_correct = (find(estimates, f"{m}_marginal", variant) for m in ("entropy", "p_correct"))
        assert h.n == p_correct.n == len(known)
        assert h.value == pytest.approx(math.fsum(map(_entropy, known)) / len(known))
        assert p_correct.value == pytest.approx(math.fsum(p["A"] for p in known) / len(known))
        gaps = Counter()
        for p in known:
            top = max(p.values())
            gaps[math.ceil(top * 10)] += (p["A"] == top) - top
        error = math.fsum(map(abs, gaps.values())) / len(known)
        assert find(estimates, "ece_marginal", variant).value == pytest.approx(error)
        own = [_entropy(p) for outputs in table.values() for _, p in outputs.values() if p]
        assert h.value > math.fsum(own) / len(own), "mixing cannot make distributions surer"


def test_auroc_predicts_the_same_pairs_from_the_marginal(row, find):
    rows = _drawn(row)
    table = _by_prompt(rows)
    scored = {"p_correct": [], "neg_entropy": [], "own": []}
    for (sample, variant), outputs in table.items():
        base = table[sample, "base"]
        for draw, (answer, _) in outputs.items() if variant == WRONG else ():
            if draw in base and base[draw][0] == "A" and base[draw][1]:
                marginal = _marginal(base)
                scored["p_correct"].append((marginal["A"], answer == "A"))
                scored["neg_entropy"].append((-_entropy(marginal), answer == "A"))
                scored["own"].append((base[draw][1]["A"], answer == "A"))
    estimates = measure(columns_of(rows), resamples=100)
    by_p, by_h, own, gain = (
        find(estimates, name, WRONG)
        for name in (
            "auroc_p_correct_marginal",
            "auroc_neg_entropy_marginal",
            "auroc_p_correct",
            "auroc_gain_marginal",
        )
    )
    assert by_p.n == by_h.n == own.n == len(scored["own"])
    assert by_p.value == pytest.approx(_auroc(scored["p_correct"]))
    assert by_h.value == pytest.approx(_auroc(scored["neg_entropy"]))
    assert own.value == pytest.approx(_auroc(scored["own"]))
    assert gain.value == pytest.approx(by_p.value - by_h.value)
    assert by_p.n_clusters <= 15


def test_agreement_and_majority_are_those_of_plain_python(row, find):
    rows = _drawn(row)
    estimates = measure(columns_of(rows), resamples=100)
    for variant in ("base", WRONG):
        same, right = [], []
        for (_, name), outputs in _by_prompt(rows).items():
            answers = [answer for answer, _ in outputs.values()]
            if name != variant or not answers:
                continue
            pairs = list(itertools.permutations(answers, 2))
            if pairs:
                same.append(sum(a == b and a is not None for a, b in pairs) / len(pairs))
            votes = Counter(answer for answer in answers if answer)
            most = max(votes.values(), default=0)
            tied = [answer for answer, count in votes.items() if count == most]
            right.append(("A" in tied) / len(tied) if tied else 0)
        found = [find(estimates, m, variant) for m in ("draw_agreement", "majority_accuracy")]
        assert [one.n for one in found] == [len(same), len(right)]
        assert found[0].value == pytest.approx(sum(same) / len(same))
        assert found[1].value == pytest.approx(sum(right) / len(right))
        assert found[0].n_clusters == 15


@pytest.mark.parametrize(
    ("answers", "agree", "right"),
    [
        ("AAAA", 1, 1),
        ("AAAB", 1 / 2, 1),
        ("AABB", 1 / 3, 1 / 2),
        ("ABCD", 0, 1 / 4),
        ("BBCC", 1 / 3, 0),
        ("A???", 0, 1),  # an output without an answer has no vote, and agrees with none
        ("????", 0, 0),
        ("A?BB", 1 / 6, 0),
        ("EEEA", 1 / 2, 0),  # E abstains: an answer like others, and never right
        ("EEAA", 1 / 3, 1 / 2),
    ],
)
def test_agreement_and_majority_of_one_prompt(row, answers, agree, right):
    rows = [
        row("s", answer=None if a == "?" else a, draw=draw, abstain="E" in answers)
        for draw, a in enumerate(answers)
    ]
    prompts = prompts_of(columns_of(rows))
    assert agreement(prompts).values.tolist() == pytest.approx([agree])
    assert majority(prompts).values.tolist() == pytest.approx([right])


def test_agreement_has_no_bias(row):
    """The mean over all outcomes of m draws is Σ p², whatever m is."""
    p = {"A": 0.5, "B": 0.3, "C": 0.2}
    for m in (2, 3, 4):
        total = 0.0
        for answers in itertools.product(p, repeat=m):
            rows = [row("s", answer=a, draw=draw) for draw, a in enumerate(answers)]
            chance = math.prod(p[a] for a in answers)
            total += chance * agreement(prompts_of(columns_of(rows))).values[0]
        assert total == pytest.approx(sum(x * x for x in p.values()))


def test_one_output_has_no_agreement(row):
    rows = [row("s"), row("t", draw=0), row("t", draw=1)]
    found = agreement(prompts_of(columns_of(rows)))
    assert found.values.tolist() == [1.0]
    alone = agreement(prompts_of(columns_of(rows[:1])))
    assert (len(alone.values), alone.missing) == (0, "no prompt has two outputs")


def test_one_output_a_prompt_has_none_of_these_metrics(row):
    names = {one.metric for one in measure(columns_of([row("s"), row("t")]), resamples=100)}
    assert not [name for name in names if "marginal" in name or "majority" in name]
    assert "draw_agreement" not in names


def test_a_text_is_paired_draw_by_draw(row, find):
    """Base right, right, wrong; under the text wrong, right, right: two flips in three pairs."""
    answers = {"base": "AAB", WRONG: "BAA"}
    rows = [
        row("s", variant, answer, draw=draw, verdict="consistent")
        for variant, letters in answers.items()
        for draw, answer in enumerate(letters)
    ]
    estimates = measure(columns_of(rows), resamples=100)
    value = {m: find(estimates, m, WRONG).value for m in ("drop", "sway", "flips_right_wrong")}
    assert value == {"drop": 0, "sway": 0, "flips_right_wrong": pytest.approx(1 / 3)}
    steady = find(estimates, "steadfastness", "all")
    assert (steady.value, steady.n, steady.n_clusters) == (pytest.approx(1 / 3), 3, 1)
    contrast = find(estimates, "accuracy", WRONG)
    assert (contrast.n, contrast.n_clusters) == (3, 1)
    p = find(estimates, "mcnemar_p", WRONG)
    assert p.n == 1, "outputs of one prompt are not independent"
    assert "first output" in p.reason


def test_a_lost_output_takes_its_pair_with_it(row, find):
    rows = [row("s", draw=0), row("s", draw=1, status="error")]
    rows += [row("s", WRONG, "B", draw=0), row("s", WRONG, "A", draw=1)]
    drop = find(measure(columns_of(rows), resamples=100), "drop", WRONG)
    assert (drop.n, drop.value) == (1, -1)


def test_accuracy_is_the_mean_over_outputs_then_over_prompts(row, find):
    rows = [
        row(f"s{s}", answer=a, draw=d)
        for s, letters in enumerate(["AAB", "ABB"])
        for d, a in enumerate(letters)
    ]
    accuracy = find(measure(columns_of(rows), resamples=100), "accuracy")
    assert accuracy.value == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert (accuracy.n, accuracy.n_clusters) == (6, 2)


def test_copies_of_a_question_are_right_together_in_one_draw(row, find):
    answers = {"s1": "AAB", "s2": "ABA"}
    rows = [
        row(name, answer=a, draw=d, group="g", cluster="c")
        for name, letters in answers.items()
        for d, a in enumerate(letters)
    ]
    assert find(measure(columns_of(rows), resamples=100), "group_accuracy").value == pytest.approx(
        1 / 3
    )


def test_the_same_output_twice_is_refused(row):
    with pytest.raises(DataError, match="expected one row per variant of a sample, found 2"):
        columns_of([row("s", draw=1), row("s", draw=1)])


def test_runs_are_compared_draw_by_draw(row):
    ours = _drawn(row, seed=1)
    theirs = _drawn(row, seed=2)
    first = {(v.id, g.draw): (g.status, _answer(g)) for v, g, _ in ours}
    changes = [
        (_answer(g) == "A") - (first[v.id, g.draw][1] == "A")
        for v, g, _ in theirs
        if v.name == "base" and "error" not in (g.status, first[v.id, g.draw][0])
    ]
    (accuracy,) = [
        one
        for one in compare(columns_of(ours), columns_of(theirs), resamples=100)
        if (one.variant, one.metric) == ("base", "accuracy_difference")
    ]
    assert (accuracy.n, accuracy.n_clusters) == (len(changes), 15)
    assert accuracy.value == pytest.approx(sum(changes) / len(changes))


def test_one_output_meets_the_first_of_several(row):
    several = columns_of([row("s", answer=a, draw=d) for d, a in enumerate("ABB")])
    (accuracy,) = [
        one
        for one in compare(columns_of([row("s", answer="A")]), several, resamples=100)
        if one.metric == "accuracy_difference"
    ]
    assert (accuracy.n, accuracy.value) == (1, 0)


@given(st.lists(st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_marginal_is_between_its_outputs_and_as_unsure_as_their_mean(row, masses):
    """Concavity of the entropy; of one output it is that output's own, to the last bit."""
    shares = [[(x + 1) / sum(y + 1 for y in mass) for x in mass] for mass in masses]
    rows = [row("s", draw=d, p=p, options="ABC") for d, p in enumerate(shares)]
    columns = columns_of(rows)
    assert len(set(columns.entropy_marginal.tolist())) == 1
    assert columns.entropy_marginal[0] >= columns.entropy.mean() - 1e-12
    low, high = columns.p_correct.min(), columns.p_correct.max()
    assert low - 1e-12 <= columns.p_correct_marginal[0] <= high + 1e-12
    if len(rows) == 1:
        assert columns.entropy_marginal[0] == columns.entropy[0]


@pytest.mark.parametrize("text", ["<answer></answer>", "<answer>A and B</answer>"])
def test_an_unparsed_answer_has_no_letters_in_any_mean(row, find, text):
    p = [0.1, 0.2, 0.3, 0.4]
    unparsed = row("s", draw=1, p=p, text=f"<think>hm</think>{text}")
    columns = columns_of([row("s", p=[0.7, 0.1, 0.1, 0.1]), unparsed])
    estimates = measure(columns, resamples=100)
    for metric in ("p_correct", "p_correct_marginal"):
        assert find(estimates, metric).value == pytest.approx(0.7)
        assert find(estimates, metric).n == 1
    assert find(estimates, "letters_rate").value == 0.5
    forced = row("s", draw=1, p=p, text=f"<think>hm</think>{text}", forced=True)
    columns = columns_of([row("s", p=[0.7, 0.1, 0.1, 0.1]), forced])
    assert find(measure(columns, resamples=100), "p_correct").value == pytest.approx(0.4)
