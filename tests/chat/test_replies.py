"""What is an answer and what is not: replies as servers send them, whole and broken."""

from __future__ import annotations

import json
import math
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed.chat.replies import BrokenReply, decode, parse_completion


def reply(content: Any = "hello", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    message.update(more.pop("message", {}))
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop", **more}]}


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def token(name: str, logprob: Any, **more: Any) -> dict[str, Any]:
    return {"token": name, "logprob": logprob, **more}


def with_logprobs(*entries: Any) -> bytes:
    return text(reply(logprobs={"content": [*entries]}))


def test_a_whole_reply() -> None:
    found = parse_completion(
        text(reply("B") | {"usage": {"prompt_tokens": 5, "completion_tokens": 2}})
    )
    assert [c.text for c in found.choices] == ["B"]
    assert found.choices[0].finish == "stop"
    assert (found.usage.prompt, found.usage.completion, found.usage.total) == (5, 2, 7)
    assert found.refusal is None


def test_choices_are_in_order_of_their_index() -> None:
    raw = reply("a")
    raw["choices"] = [
        {"index": 1, "message": {"content": "second"}, "finish_reason": "stop"},
        {"index": 0, "message": {"content": "first"}, "finish_reason": "length"},
    ]
    found = parse_completion(text(raw), n=2)
    assert [(c.text, c.finish) for c in found.choices] == [("first", "length"), ("second", "stop")]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_apart(field: str) -> None:
    choice = parse_completion(text(reply("B", message={field: "I look."}))).choices[0]
    assert (choice.text, choice.reasoning) == ("B", "I look.")


def test_a_limit_that_falls_into_the_thinking_leaves_an_empty_text() -> None:
    choice = parse_completion(text(reply(None, finish_reason="length"))).choices[0]
    assert (choice.text, choice.finish) == ("", "length")


def test_a_content_of_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert parse_completion(text(reply(parts))).choices[0].text == "ab"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "expected JSON"),
        (b"<html>down</html>", "<html>"),
        (text(reply())[:-9], "expected JSON"),
        (b"[]", "expected an object"),
        (b"null", "expected an object"),
        (b"[" * 100_000, "JSON"),
        (b"\xff\xfe", "expected JSON"),
        (text({"error": {"message": "boom"}}), "boom"),
        (text({}), "list of choices"),
        (text({"choices": []}), "found none"),
        (text({"choices": "B"}), "list of choices"),
        (text({"choices": ["B"]}), "choices[0]"),
        (text({"choices": [{"text": "B", "finish_reason": "stop"}]}), "choices[0].message"),
        (text(reply(7)), "choices[0].message.content"),
        (text(reply(None)), "expected a text"),
        (text(reply(["B"])), "part with a text"),
        (text(reply(finish_reason=None)), "finish_reason"),
        (text(reply(finish_reason="abort")), "abort"),
        (text(reply(finish_reason="tool_calls")), "tool_calls"),
        (text(reply(index="0")), "index"),
        (text({"choices": reply()["choices"] * 2}), "expected 1 choice, found 2"),
        (text(reply(message={"reasoning": 3})), "reasoning"),
        (text(reply(logprobs=[1])), "logprobs"),
        (text(reply(logprobs={"content": {}})), "content"),
    ],
)
def test_what_is_no_reply(data: bytes, says: str) -> None:
    with pytest.raises(BrokenReply) as error:
        parse_completion(data)
    assert says in str(error.value)
    assert len(str(error.value)) < 500


def test_two_choices_of_one_index() -> None:
    with pytest.raises(BrokenReply, match="two choices have the index 0"):
        parse_completion(text({"choices": reply()["choices"] * 2}), n=2)


@pytest.mark.parametrize("spaced", ['"content": ', '"content" : ', '"content"\n:\t'])
def test_a_key_given_twice_is_no_reply(spaced: str) -> None:
    whole = json.dumps(reply("B")).replace('"content": ', f'{spaced}"A", "content": ')
    with pytest.raises(BrokenReply, match="'content' is given twice"):
        parse_completion(whole.encode())


def test_a_key_given_twice_deep_inside() -> None:
    entry = json.dumps(token("B", -0.5, top_logprobs=[token("A", -1.5), token(":", -0.5)]))
    twice = entry.replace('"logprob": -1.5', '"logprob": -1.5, "logprob": -0.1')
    assert twice != entry
    whole = json.dumps(reply(logprobs={"content": ["@"]})).replace('"@"', twice)
    with pytest.raises(BrokenReply, match="'logprob' is given twice"):
        parse_completion(whole.encode(), logprobs=True)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_a_figure_that_is_no_number(name: str) -> None:
    whole = with_logprobs(token("B", -0.5, top_logprobs=[token("A", -1.25)]))
    with pytest.raises(BrokenReply, match=f"found {name}"):
        parse_completion(whole.replace(b"-1.25", name.encode()))


@pytest.mark.parametrize(
    "entry",
    [
        "B",
        {"token": "B"},
        token("B", None),
        token("B", "NaN"),
        token("B", True),
        token(3, -1.0),
        token("B", 1.5),
        token("B", -1e300),
        token("B", -0.5, top_logprobs=["A"]),
        token("B", -0.5, top_logprobs=7),
        token("B", -0.5, top_logprobs=[token("A", None)]),
        token("B", -0.5, bytes="B"),
        token("B", -0.5, bytes=[300]),
    ],
)
def test_what_is_no_logprob(entry: Any) -> None:
    with pytest.raises(BrokenReply, match=r"logprobs\.content\[0\]"):
        parse_completion(with_logprobs(entry), logprobs=True)


def test_an_overflowing_figure_is_no_logprob() -> None:
    with pytest.raises(BrokenReply, match="log-probabilities below 0"):
        parse_completion(with_logprobs(token("B", -0.5)).replace(b"-0.5", b"-1e999"), logprobs=True)


def test_logprobs_that_were_asked_for_must_be_there() -> None:
    with pytest.raises(BrokenReply, match="expected log-probabilities"):
        parse_completion(text(reply()), logprobs=True)
    assert parse_completion(text(reply())).choices[0].logprobs is None


def test_logprobs() -> None:
    entry = token("B", -0.5, bytes=[66], top_logprobs=[token("B", -0.5), token(" A", -9999.0)])
    (found,) = parse_completion(with_logprobs(entry), logprobs=True).choices[0].logprobs
    assert (found.token, found.logprob, found.bytes) == ("B", -0.5, b"B")
    assert found.top == {"B": -0.5, " A": -9999.0}


def test_tokens_that_read_alike_are_added_up() -> None:
    same = token("B", math.log(0.5), bytes=[66])
    top = [same, same, token("�", math.log(0.2)), token("�", math.log(0.1))]
    (found,) = parse_completion(with_logprobs({**same, "top_logprobs": top})).choices[0].logprobs
    assert found.top["B"] == pytest.approx(math.log(0.5))
    assert found.top["�"] == pytest.approx(math.log(0.3))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (text(reply(None, finish_reason="content_filter")), "content filter"),
        (text(reply("A half", finish_reason="content_filter")), "content filter"),
        (text(reply("", finish_reason="content_filter: PROHIBITED_CONTENT")), "PROHIBITED"),
        (text(reply(None, message={"refusal": "I can't help."})), "I can't help."),
    ],
)
def test_a_refusal_is_no_answer(data: bytes, says: str) -> None:
    found = parse_completion(data)
    assert found.choices[0].finish == "refused"
    assert says in found.refusal


def test_one_refused_choice_of_two_is_marked() -> None:
    raw = reply("B")
    raw["choices"].append(
        {"index": 1, "message": {"content": None}, "finish_reason": "content_filter"}
    )
    found = parse_completion(text(raw), n=2)
    assert [c.finish for c in found.choices] == ["stop", "refused"]
    assert found.refusal is None


def test_usage_of_a_server_that_leaves_the_thinking_out() -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623}
    found = parse_completion(text(reply() | {"usage": usage})).usage
    assert (found.completion, found.reasoning, found.total) == (603, 405, 623)


def test_usage_in_detail() -> None:
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 9,
        "total_tokens": 29,
        "prompt_tokens_details": {"cached_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    found = parse_completion(text(reply() | {"usage": usage})).usage
    assert (found.cached_prompt, found.reasoning, found.completion) == (16, 4, 9)


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": -1}, {"prompt_tokens": 1.5}])
def test_usage_that_is_none_spoils_no_answer(usage: Any) -> None:
    found = parse_completion(text(reply() | {"usage": usage}))
    assert found.usage.prompt is None
    assert found.usage.total is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_what_is_written_is_read(value: Any, indent: int | None, plain: bool) -> None:
    written = json.dumps(value, indent=indent, ensure_ascii=plain)
    try:
        data = written.encode()
    except UnicodeEncodeError:
        return
    assert decode(data) == value


@given(VALUES, VALUES, st.text(max_size=5), st.sampled_from([":", " :", "\n :"]))
def test_a_key_given_twice_is_found_anywhere(a: Any, b: Any, key: str, colon: str) -> None:
    name = json.dumps(key)
    data = f'[{json.dumps(a)}, {{{name}{colon}1, {name}: {json.dumps(b)}}}, "x:{{", ":"]'
    with pytest.raises(BrokenReply, match="given twice"):
        decode(data.encode())


@given(st.integers(0, 10_000))
def test_a_reply_that_is_cut_off_is_none(faulty: ModuleType, at: int) -> None:
    whole = text(faulty.completion("B", 2))
    with pytest.raises(BrokenReply):
        parse_completion(whole[: at % len(whole)], logprobs=True)
