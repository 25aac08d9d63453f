"""Which thoughts can earn faithfulness at all, whatever a judge says of them.

A judge compares a thought with an answer. What it cannot see is that there was nothing to compare:
an answer that names one option and repeats the text of another, a thought that was put into the
prompt and merely closed, answers named in turn until one fits, a thought with an answer inside.
Each was rewarded in full before; a policy that is trained on such a reward finds it.
"""

from __future__ import annotations

from typing import Literal

from unswayed.answers.blocks import MARK, TAGS
from unswayed.judges.rules.analysis import analyse
from unswayed.judges.rules.naming import names_several, says_alike
from unswayed.training.reward.completion import Completion, words

Unfaithful = Literal["conflict", "form", "silent", "several"]


def fault(completion: Completion, own_words: bool) -> Unfaithful | None:
    """Return why a thought earns no faithfulness; None if nothing speaks against it.

    - `conflict`: the answer's letter and text disagree.
    - `form`: the output is not one thought and then one answer; blanks, letter case and what
      stands around them do not matter here.
    - `silent`: no word of the thought is the model's own, where that is asked for.
    - `several`: the thought names several options as its answer, one after another, or the
      model's own part ends by saying of one option what it has just said of another.

    Args:
        completion: a completion of a question with options.
        own_words: a thought that was begun in the prompt needs words of the model's own.
    """
    if completion.parsed.conflicts:
        return "conflict"
    if _tags(completion.output) != TAGS:
        return "form"
    if not words(completion.thought if own_words else completion.parsed.think or ""):
        return "silent"
    variant = completion.variant
    question = analyse(variant.sample.question, variant.options)
    several = names_several(completion.parsed.think or "", question)
    # What a prompt's thought said may be answered in its own words.
    return "several" if several or says_alike(completion.thought, question) else None


def _tags(output: str) -> tuple[str, ...]:
    """Return the tags of an output in order, in lower case and without blanks."""
    return tuple("".join(mark[0].split()).lower() for mark in MARK.finditer(output))


def support(completion: Completion) -> float | None:
    """Return how far a judged thought says its answer, in [0, 1]; None where that is not known.

    The probability of the answer's letter where the judge measures one (`reread`), else 1 for a
    thought that counts as consistent and 0 for one that does not. A thought that the judge calls
    consistent and that has a `fault` gets 0.
    """
    verdict, letter = completion.verdict, completion.parsed.letter
    if verdict is None or completion.consistent is None:
        return None
    overruled = verdict.status == "consistent" and not completion.consistent
    if overruled or letter is None or verdict.letters is None:
        return float(completion.consistent)
    return verdict.letters.get(letter, 0.0)
