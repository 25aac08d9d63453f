"""Served models, against a server whose every probability is known."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unswayed.answers import AnswerStyle
from unswayed.errors import BudgetSpent, ConfigError, ModelError, ServerDown
from unswayed.models import Decoding, Request, Serving
from unswayed.registry import create
from unswayed.types import PictureLimits

pytest.importorskip("aiohttp")

OPTIONS = {"A": "red", "B": "blue", "C": "green"}
OPEN = "<think>It looks like B"
CLOSED = "<think>Okay let's see. This should be the final answer.</think>"


@pytest.fixture
def model() -> Iterator[Callable[..., Any]]:
    """Return a function that makes a model of a server."""
    made: list[Any] = []

    def make(server: Any, preset: str = "vllm", **options: Any) -> Any:
        pairs = "".join(
            f",{name}={str(value).lower() if isinstance(value, bool) else value}"
            for name, value in options.items()
        )
        made.append(create("model", f"{preset}:toy,base_url={server.url}{pairs}"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    from PIL import Image

    path = tmp_path / "x.png"
    Image.new("RGB", (4, 4)).save(path)
    return path


def prompt(
    id: str = "v1", prefill: str = "", image: Path | None = None, user: str = "Q"
) -> Request:
    images = (image,) if image else ()
    return Request(id, "toy/1", "base", "Think.", user, images, prefill, OPTIONS)


def after_start(server: Any) -> list[dict[str, Any]]:
    """Return the bodies behind those of the start."""
    asked = [b for b in server.seen if "What is in the picture?" not in str(b["messages"])]
    return asked


def letters_of(server: Any, flags_plain: bool = False) -> dict[str, float]:
    """Return the true distribution over A, B and C behind `<answer>`."""
    module = server.module
    after = module.AFTER_BRACKET
    spelt = {"A": after["A"] + after[" A"] + after["A."], "B": after["B"], "C": after["C"]}
    if flags_plain:
        mass = spelt
    else:
        split = module.SPLIT
        mass = {a: split[">"] * p for a, p in spelt.items()}
        mass["A"] += split[">A"]
        mass["B"] += split[">B"]
    return mass


def test_pictures_come_first_as_they_are_stored_then_the_text_then_the_open_turn(
    serve: Any, model: Any, image: Path
) -> None:
    server = serve()
    (made,) = model(server).generate([prompt(prefill=OPEN, image=image)], Decoding())
    first = after_start(server)[0]
    system, user, assistant = first["messages"]
    assert system == {"role": "system", "content": "Think."}
    picture, text = user["content"]
    head, _, data = picture["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == image.read_bytes()
    assert text == {"type": "text", "text": "Q"}
    assert assistant == {"role": "assistant", "content": OPEN}
    assert (first["add_generation_prompt"], first["continue_final_message"]) == (False, True)
    assert first["temperature"] == 0
    assert made.status == "stop"
    assert made.text.endswith("</answer>")
    assert "<think>" not in made.text


def test_a_picture_is_sent_in_the_size_that_the_profile_says(
    serve: Any, model: Any, tmp_path: Path
) -> None:
    from PIL import Image

    path = tmp_path / "wide.png"
    Image.new("RGB", (40, 20)).save(path)
    server = serve()
    limited = replace(prompt(image=path), limits=PictureLimits(max_side=20))
    model(server).generate([prompt(image=path), limited], Decoding())
    sizes: list[tuple[int, int]] = []
    for body in after_start(server):
        content = body["messages"][1]["content"]
        if not isinstance(content, list):
            continue
        data = base64.b64decode(content[0]["image_url"]["url"].partition(",")[2])
        with Image.open(io.BytesIO(data)) as sent:
            sizes.append(sent.size)
    assert set(sizes) == {(40, 20), (20, 10)}


def test_without_a_prefill_no_turn_is_continued(serve: Any, model: Any) -> None:
    server = serve()
    model(server).generate([prompt()], Decoding())
    first = after_start(server)[0]
    assert "continue_final_message" not in first
    assert [message["role"] for message in first["messages"]] == ["system", "user"]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("prefill", ["", OPEN, CLOSED])
def test_letters_are_exact_also_where_a_letter_is_spelled_in_two(
    serve: Any, model: Any, plain: bool, prefill: str
) -> None:
    server = serve(plain=plain)
    (made,) = model(server).generate([prompt(prefill=prefill)], Decoding())
    mass = letters_of(server, plain)
    total = sum(mass.values())
    assert made.letters.method == "token-logprobs"
    assert made.letters.bounded == ()
    assert made.letters.probabilities == pytest.approx({a: p / total for a, p in mass.items()})
    assert made.letters.other_mass == pytest.approx(1 - total)
    calls = after_start(server)
    assert len(calls) == (2 if plain else 3) == made.usage.requests
    assert {body["max_tokens"] for body in calls[1:]} == {1}
    said = calls[1]["messages"][-1]["content"]
    assert said.startswith(prefill)
    assert said.endswith("<answer>" if plain else "<answer")


def test_the_top_of_the_distribution_gives_the_same_letters_where_it_holds_them(
    serve: Any, model: Any
) -> None:
    server = serve(plain=True)
    exact = model(server).generate([prompt()], Decoding())[0].letters
    top = model(server, logprobs="top").generate([prompt()], Decoding())[0].letters
    assert top.method == "top-logprobs"
    assert top.bounded == ()
    assert top.probabilities == pytest.approx(exact.probabilities)
    assert top.other_mass == pytest.approx(exact.other_mass)


def test_letters_outside_the_top_are_bounded_not_zero(serve: Any, model: Any) -> None:
    server = serve(plain=True)
    made = model(server, logprobs="top", top_logprobs=2).generate([prompt()], Decoding())[0]
    # C 0.6 and then one of A, B and y, which have 0.1 each
    assert made.letters.bounded in (("A",), ("B",), ("A", "B"))
    for letter in made.letters.bounded:
        assert made.letters.probabilities[letter] > 0
    ratio = made.letters.probabilities["A"] / made.letters.probabilities["C"]
    assert ratio == pytest.approx(0.1 / 0.6)


def test_a_server_that_passes_ids_over_is_found_out(serve: Any, model: Any) -> None:
    one = model(serve(ids=False, plain=True))
    (made,) = one.generate([prompt()], Decoding())
    assert made.letters.method == "top-logprobs"
    assert one.provenance()["letters"] == "top-logprobs"
    assert "no token-logprobs" in " ".join(one.notes)


def test_without_tokenize_the_answers_own_alternatives_are_read(serve: Any, model: Any) -> None:
    server = serve(tokenize=False, plain=True)
    one = model(server)
    (made,) = one.generate([prompt()], Decoding())
    assert made.letters.method == "top-logprobs"
    assert len(after_start(server)) == 1
    assert "not proven" in one.provenance()["prefill"]
    assert "not proven" in " ".join(one.notes)


def test_a_server_that_is_busy_for_a_moment_is_asked_again(serve: Any, model: Any) -> None:
    one = model(serve(busy=1))
    one.start(Serving())
    assert one.provenance()["letters"] == "token-logprobs"
    assert one.generate([prompt()], Decoding())[0].letters is not None


def test_a_server_that_stays_busy_is_no_mistake_of_the_user(serve: Any, model: Any) -> None:
    one = model(serve(busy=1000))
    with pytest.raises(ServerDown, match=r"/tokenize: no answer in 2 attempts.*HTTP 503"):
        one.start(Serving(attempts=2))


@pytest.mark.parametrize("fault", ["closes", "rewrites"])
def test_a_turn_that_is_not_left_open_stops_the_run_at_its_start(
    serve: Any, model: Any, fault: str
) -> None:
    server = serve(**{fault: True})
    with pytest.raises(ModelError, match="does not leave the assistant's turn open"):
        model(server).start(Serving())
    assert after_start(server) == []


GEMMA_4 = AnswerStyle("after-think", "<|channel>thought\n", "<channel|>")


def test_the_familys_own_marks_are_proven_before_the_first_prompt(serve: Any, model: Any) -> None:
    mark = GEMMA_4.native(OPEN)
    request = replace(prompt(prefill=mark), style=GEMMA_4, thinking=True)
    server = serve()
    model(server).generate([request], Decoding())
    asked = [b for b in server.seen if str(b["messages"][-1]["content"]).startswith(GEMMA_4.opens)]
    assert len(asked) > 2
    assert {str(b["chat_template_kwargs"]) for b in asked} == {"{'enable_thinking': True}"}
    strict = serve(strips=True)
    with pytest.raises(ModelError, match="does not leave the assistant's turn open"):
        model(strict).generate([request], Decoding())
    assert after_start(strict) == []
    model(strict).generate([prompt(prefill=OPEN)], Decoding())
    assert all("chat_template_kwargs" not in body for body in after_start(strict))


def test_a_thought_that_the_template_opens_belongs_to_the_text(serve: Any, model: Any) -> None:
    one = model(serve(opens=True))
    (made,) = one.generate([prompt()], Decoding())
    assert made.text.startswith("<think>it is")
    assert one.provenance()["template_opens_thought"] is True


def test_a_thought_that_the_template_opens_before_a_prefill_is_not_doubled(
    serve: Any, model: Any
) -> None:
    server = serve(opens=True, prepends=True)
    model(server, "sglang").generate([prompt(prefill=OPEN)], Decoding())
    for body in after_start(server):
        rendered = server.rendered(body).rpartition("assistant\n")[2]
        assert rendered.startswith("<think>\nIt looks like B")


def test_an_answer_is_forced_behind_a_closed_thought(serve: Any, model: Any) -> None:
    server = serve(answer=False, plain=True)
    decoding = Decoding(force_answer=True)
    base, opened = model(server).generate([prompt("a"), prompt("b", OPEN)], decoding)
    assert base.letters.forced
    assert opened.letters.forced
    said = [body["messages"][-1]["content"] for body in after_start(server)[1:]]
    assert "<think>so</think><answer>" in said
    assert f"{OPEN}</think><answer>" in said
    (quiet,) = model(server).generate([prompt()], Decoding())
    assert quiet.letters is None


def test_samples_are_drawn_and_shared_out(
    serve: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "s3cret-value")
    server = serve(reasoning=7)
    one = model(server, "openai", key="TOY_KEY", samples=4)
    (made,) = one.generate([prompt()], Decoding(max_new_tokens=500))
    assert len(server.seen) == 4
    body = server.seen[0]
    assert body["messages"][0]["role"] == "developer"
    assert body["max_completion_tokens"] == 500
    assert "temperature" not in body
    assert "seed" not in body
    assert made.letters.method == "samples"
    assert made.letters.other_mass is None
    assert made.thoughts == "hidden"
    assert made.usage.reasoning == 28
    assert math.fsum(made.letters.probabilities.values()) == pytest.approx(1)


def test_each_output_of_a_prompt_has_a_request_and_a_seed_of_its_own(
    serve: Any, model: Any
) -> None:
    server = serve()
    asked = [replace(prompt(), draw=draw) for draw in range(3)]
    made = model(server).generate(asked, Decoding(temperature=1.0, seed=5))
    assert len(made) == 3
    seeds = [body["seed"] for body in after_start(server) if body["max_tokens"] > 1]
    assert len(set(seeds)) == 3
    assert 134831972 in seeds, "the seed of a first output is that of earlier versions"


def test_greedy_outputs_are_no_samples_of_themselves(serve: Any, model: Any) -> None:
    server = serve()
    (made,) = model(server, samples=4).generate([prompt()], Decoding())
    first, drawn = after_start(server)
    assert (first["temperature"], first.get("n", 1)) == (0, 1)
    assert (drawn["temperature"], drawn["n"]) == (1, 4)
    assert made.letters.probabilities == {"A": 0.5, "B": 0.25, "C": 0.25}


def test_reasoning_that_was_counted_as_none_is_not_hidden(
    serve: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "s3cret-value")
    one = model(serve(reasoning=0), "openai", key="TOY_KEY")
    (made,) = one.generate([prompt()], Decoding())
    assert made.thoughts == "text"


def test_refusals_and_prompts_that_are_too_long_are_the_items_own(serve: Any, model: Any) -> None:
    server = serve(refuse="forbidden", long="endless")
    asked = [prompt("a"), prompt("b", user="forbidden"), prompt("c", user="endless"), prompt("d")]
    made = model(server).generate(asked, Decoding())
    assert [one.id for one in made] == ["a", "b", "c", "d"]
    assert [one.status for one in made] == ["stop", "refused", "error", "stop"]
    assert "filtered" in made[1].error
    assert "too long" in made[2].error
    assert made[1].letters is made[2].letters is None


def test_a_server_without_pictures_is_named_at_the_start(serve: Any, model: Any) -> None:
    with pytest.raises(ModelError, match="takes no pictures"):
        model(serve(images=False)).start(Serving())


def test_a_picture_for_a_model_that_takes_none_fails_before_the_first_request(
    serve: Any, model: Any, image: Path
) -> None:
    server = serve(images=False)
    one = model(server, images=False)
    with pytest.raises(ConfigError, match="takes no pictures"):
        one.generate([prompt("a"), prompt("b", image=image)], Decoding())
    assert after_start(server) == []


def test_a_wrong_name_and_a_wrong_key_are_named(
    serve: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    wrong = create("model", f"vllm:toys,base_url={server.url}")
    with pytest.raises(ModelError, match="did you mean toy"):
        wrong.start(Serving())
    wrong.close()
    monkeypatch.setenv("TOY_KEY", "s3cret-value")
    locked = model(serve(key="another"), key="TOY_KEY")
    with pytest.raises(ConfigError, match="TOY_KEY") as caught:
        locked.start(Serving())
    assert "s3cret" not in str(caught.value)


def test_the_budget_ends_the_stream_and_loses_nothing_before(serve: Any, model: Any) -> None:
    server = serve(plain=True)
    one = model(server)
    one.start(Serving(concurrency=1, max_requests=2 + 5))
    made: list[Any] = []

    def spend() -> None:
        for part in one.stream([prompt(str(k)) for k in range(9)], Decoding()):
            made.extend(part)

    with pytest.raises(BudgetSpent):
        spend()
    assert [g.id for g in made] == [str(k) for k in range(len(made))]
    assert len(made) >= 1
    assert all(g.letters for g in made)


def test_the_order_is_kept_whatever_is_ready_first(serve: Any, model: Any) -> None:
    one = model(serve())
    asked = [prompt(str(k), prefill=OPEN if k % 3 else "") for k in range(50)]
    assert [g.id for g in one.generate(asked, Decoding())] == [r.id for r in asked]


def test_options_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="logprobs"):
        create("model", "vllm:toy,logprobs=all")
    with pytest.raises(ConfigError, match="samples"):
        create("model", "vllm:toy,samples=1")
