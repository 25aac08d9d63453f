"""Writing texts: what is asked for, what is kept, and what is never asked for twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from unswayed.chat.endpoints import Endpoint, endpoint
from unswayed.chat.records import ChatReply, ChatRequest, Continuation
from unswayed.cli import main
from unswayed.errors import ConfigError, DataError, RunError, UnknownName
from unswayed.perturbations.texts.annotations import Annotations
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import evaluate
from unswayed.writing import asking, writer
from unswayed.writing.asking import Sampling
from unswayed.writing.files import opened, rejects_of
from unswayed.writing.wanted import texts_of
from unswayed.writing.writer import write, writer_spec

SCRIPTED = str(Path(__file__).parents[1] / "scripted.py")
EIGHT = (
    *("base", "wrong-think", "wrong-think-but", "wrong-caption", "wrong-caption-disclaimer"),
    *("correct-think", "correct-caption", "neutral-think", "neutral-caption"),
)
THOUGHT = (
    "I look at the whole picture and then at its parts, one after the other, and what it shows"
)
NEUTRAL = "It is one of many that were made with care and that can be looked at for a good while"


def settings(**changed: Any) -> Settings:
    values: dict[str, Any] = {
        "model": f"{SCRIPTED}:Scripted",
        "benchmarks": (f"{SCRIPTED}:Wide,n=6",),
        "variants": EIGHT,
        "statistics": {"resamples": 100},
    }
    return Settings.model_validate(values | changed)


def good(request: ChatRequest) -> str:
    """Write what the prompt asks for; the options of `Wide` are right, left and above."""
    asked = request.body["messages"][-1 if len(request.body["messages"]) < 4 else 1]["content"]
    for text in ("right", "left", "above"):
        if f": {text}\n" in asked or asked.endswith(f": {text}"):
            return (
                f"{THOUGHT} is {text}."
                if "reasoning" in asked
                else f"The lamp hangs {text}, high up."
            )
    least = int(asked.partition(" words")[0].rpartition(" to ")[0].rpartition(" ")[2])
    return " ".join(NEUTRAL.split()[: least + 1])


@dataclass
class Client:
    """Replies by a script; keeps every request."""

    script: Callable[[ChatRequest], str | ChatReply] = good
    endpoint: Endpoint = field(default_factory=lambda: endpoint("vllm", "some/writer"))
    asked: list[ChatRequest] = field(default_factory=list[ChatRequest])
    calls: int = 0

    def send_all(
        self,
        requests: Sequence[ChatRequest],
        on_reply: Callable[[ChatReply], None] | None = None,
    ) -> list[ChatReply]:
        self.calls += 1
        replies: list[ChatReply] = []
        for request in requests:
            self.asked.append(request)
            made = self.script(request)
            if isinstance(made, str):
                made = ChatReply(request.id, "ok", (Continuation(made, None, "stop"),))
            replies.append(made)
            if on_reply:
                on_reply(made)
        return replies


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_text_of_an_evaluation_is_written_and_used(tmp_path: Path) -> None:
    out, client = tmp_path / "texts.jsonl", Client()
    report = write(Evaluation(settings()), client, Sampling(), out)
    # of each sample: foil and gold, thought and caption, and the two neutral ones
    assert (report.samples, report.written, report.before) == (6, 36, 0)
    assert not report.rejected
    assert not rejects_of(out).exists()
    run = evaluate(settings(texts=f"file:{out}"), tmp_path / "run")
    shown = [v for v, _, _ in run.joined()]
    assert len(shown) == 6 * 9
    assert not list(run.failures)
    assert {v.text_source for v in shown if v.name != "base"} == {"writer"}
    thought = next(v.prefill for v in shown if v.name == "wrong-think-but")
    assert thought.endswith(" but I think")
    assert THOUGHT in thought
    assert "." not in thought


def test_each_text_says_who_wrote_it_and_for_which_option(tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    write(Evaluation(settings()), Client(), Sampling(), out)
    for row in rows(out):
        assert row["writer"]["model"] == "some/writer"
        assert row["writer"]["prompt_hash"] == asking.prompt_hash()
        assert (row["writer"]["prompt"], row["writer"]["attempts"]) == ("v1", 1)
        options = {"A": "right", "B": "left", "C": "above", None: None}
        assert row["option"] == options[row["asserts"]]


def test_the_writer_sees_question_options_and_the_asserted_option_alone(tmp_path: Path) -> None:
    client = Client()
    write(
        Evaluation(settings(variants=("wrong-caption",))), client, Sampling(0.3, 99), tmp_path / "t"
    )
    for request in client.asked:
        system, user = request.body["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        assert "Which one?" in user["content"]
        assert "- right\n- left\n- above" in user["content"]
        assert "gold" not in user["content"] + system["content"]
        assert isinstance(user["content"], str)  # no picture
        assert (request.body["temperature"], request.body["max_tokens"]) == (0.3, 99)


def test_a_server_without_system_role_and_temperature() -> None:
    (wanted, *_) = texts_of(next(iter(wide())), Evaluation(settings()).compositions, 1, 0) or []
    can = endpoint("openai", "o3", system_role="user").capabilities
    body = asking.request(wanted, None, can, Sampling()).body
    (message,) = body["messages"]
    assert message["content"].startswith(asking.prompts()["system"])
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 1024


def wide() -> Any:
    return Evaluation(settings()).benchmarks[0]


def test_a_text_that_will_not_do_is_asked_for_once_more(tmp_path: Path) -> None:
    """Every caption names the gold at first; those of samples 0 and 1 go on doing so."""

    def script(request: ChatRequest) -> str:
        stubborn = request.id.startswith(("wide/0", "wide/1"))
        again = len(request.body["messages"]) > 2
        return good(request) if again and not stubborn else "The lamp hangs right, above and left."

    out, client = tmp_path / "texts.jsonl", Client(script)
    report = write(Evaluation(settings(variants=("wrong-caption",))), client, Sampling(), out)
    assert (report.written, report.rewritten) == (4, 4)
    assert report.rejected == {"names-another": 2}
    assert report.samples == 4
    assert len(client.asked) == 6 * 2
    assert {row["writer"]["attempts"] for row in rows(out)} == {2}
    second = client.asked[-1].body["messages"]
    assert [m["role"] for m in second] == ["system", "user", "assistant", "user"]
    assert "it mentions another answer" in second[3]["content"]
    (first, *_) = rows(rejects_of(out))
    assert first["sample"] == "wide/0"
    assert len(first["texts"]) == len(first["problems"]) == 2
    run = evaluate(settings(variants=("wrong-caption",), texts=f"file:{out}"), tmp_path / "run")
    assert [f.id for f in run.failures] == ["wide/0", "wide/1"]  # left out, not scored


def test_nothing_is_asked_for_twice(tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"

    def no(request: ChatRequest) -> str:
        return "No." if request.id.startswith("wide/3") else good(request)

    write(Evaluation(settings()), Client(no), Sampling(), out)
    before = (out.read_bytes(), rejects_of(out).read_bytes())
    client = Client()
    report = write(Evaluation(settings()), client, Sampling(), out)
    assert client.asked == []
    assert (report.written, report.before, report.samples) == (0, 36, 5)
    assert (out.read_bytes(), rejects_of(out).read_bytes()) == before


def test_more_variants_ask_only_for_the_texts_that_are_new(tmp_path: Path) -> None:
    out, client = tmp_path / "texts.jsonl", Client()
    write(Evaluation(settings(variants=("wrong-think",))), client, Sampling(), out)
    assert len(client.asked) == 6
    more = ("abstain+wrong-think", "shuffle+wrong-think-but", "wrong-caption")
    write(Evaluation(settings(variants=more)), client, Sampling(), out)
    assert len(client.asked) == 12
    write(Evaluation(settings(variants=more, foils=2)), client, Sampling(), out)
    assert len(client.asked) == 24


def test_a_neutral_text_is_as_long_as_the_misleading_one(tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    write(Evaluation(settings()), Client(), Sampling(), out)
    length = {(r["sample"], r["part"], r["asserts"]): len(r["text"].split()) for r in rows(out)}
    for wanted in texts_of(next(iter(wide())), Evaluation(settings()).compositions, 1, 0) or []:
        if wanted.like is not None:
            assert abs(length[wanted.key] - length[wanted.like]) <= max(3, length[wanted.like] / 4)
    assert sum(key[2] is None for key in length) == 12


def test_errors_are_asked_for_again_and_refusals_are_not(tmp_path: Path) -> None:
    def script(request: ChatRequest) -> str | ChatReply:
        if request.id.startswith("wide/1"):
            return ChatReply(request.id, "error", error="the server hung up")
        if request.id.startswith("wide/2"):
            return ChatReply(request.id, "refused", error="content filter")
        if request.id.startswith("wide/3"):
            return ChatReply(request.id, "ok", (Continuation(good(request), None, "length"),))
        return good(request)

    out, client = tmp_path / "texts.jsonl", Client(script)
    work = Evaluation(settings(variants=("wrong-think",)))
    report = write(work, client, Sampling(), out)
    assert (report.written, report.errors) == (3, 1)
    assert report.first_error == "the server hung up"
    assert report.rejected == {"refusal": 1, "length": 1}
    assert len(client.asked) == 6 + 1  # only the text that was cut off was asked for again
    client = Client()
    assert write(work, client, Sampling(), out).written == 1
    assert [r.id.split("\x1f")[0] for r in client.asked] == ["wide/1"]


def test_what_was_replied_before_an_error_is_kept(tmp_path: Path) -> None:
    class SpentError(Exception):
        pass

    def script(request: ChatRequest) -> str:
        if request.id.startswith("wide/4"):
            raise SpentError
        return good(request)

    out = tmp_path / "texts.jsonl"
    work = Evaluation(settings(variants=("wrong-think",)))
    with pytest.raises(SpentError):
        write(work, Client(script), Sampling(), out)
    assert [row["sample"] for row in rows(out)] == [f"wide/{n}" for n in range(4)]
    client = Client()
    write(work, client, Sampling(), out)
    assert len(client.asked) == 2
    assert [row["sample"] for row in rows(out)] == [f"wide/{n}" for n in range(6)]


def test_a_limit_counts_the_samples_that_an_evaluation_can_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "CHUNK", 2)

    def script(request: ChatRequest) -> str:
        return "No." if request.id.startswith("wide/1") else good(request)

    out = tmp_path / "texts.jsonl"
    limited = settings(variants=("wrong-think",), limit=3)
    report = write(Evaluation(limited), Client(script), Sampling(), out)
    assert report.samples == 3
    assert {row["sample"] for row in rows(out)} == {"wide/0", "wide/2", "wide/3"}
    run = evaluate(limited.model_copy(update={"texts": f"file:{out}"}), tmp_path / "run")
    assert len(list(run.variants)) == 3
    assert len(list(run.failures)) == 1


def test_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    broken = settings(benchmarks=(f"{SCRIPTED}:Wide,n=6,broken=3",), variants=("wrong-think",))
    report = write(Evaluation(broken), Client(), Sampling(), tmp_path / "t.jsonl")
    assert (report.samples, report.unusable) == (4, 2)


# --- the file


@pytest.mark.parametrize("cut", [1, 40, 10_000])
def test_a_torn_line_is_written_again(tmp_path: Path, cut: int) -> None:
    out = tmp_path / "texts.jsonl"
    work = Evaluation(settings(variants=("wrong-think",)))
    write(work, Client(), Sampling(), out)
    whole = out.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    out.write_bytes(whole[: -min(cut, len(last))])
    client = Client()
    write(work, client, Sampling(), out)
    assert out.read_bytes() == whole
    assert len(client.asked) == (0 if cut == 1 else 1)  # only the line break was missing


def test_texts_of_your_own_stay_and_are_not_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "mine.jsonl"
    mine = '{"sample": "wide/0", "part": "think", "asserts": "B", "text": "It is left"}'
    out.write_text(mine)  # without a line break
    client = Client()
    write(Evaluation(settings(variants=("correct-think",))), client, Sampling(), out)
    other = json.loads(mine) | {"asserts": "A"}
    assert out.read_text().startswith(mine + "\n")
    assert other["sample"] in {row["sample"] for row in rows(out)}
    assert Annotations(out).name == "file"  # not all of it by a writer


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("first\nthe last line has no end")
    with pytest.raises(DataError, match=r"notes.txt:1: expected a JSON object"):
        write(Evaluation(settings()), Client(), Sampling(), out)
    assert out.read_text() == "first\nthe last line has no end"


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "texts.jsonl"
    with opened(out), pytest.raises(RunError, match="being written by another process"):
        write(Evaluation(settings()), Client(), Sampling(), out)


def test_texts_for_other_options_are_refused(tmp_path: Path) -> None:
    """Another seed of a benchmark may put other options under the same letters."""
    out = tmp_path / "texts.jsonl"
    write(Evaluation(settings(variants=("wrong-think",))), Client(), Sampling(), out)
    text = out.read_text().replace('"option":"left"', '"option":"below"')
    assert text != out.read_text()
    out.write_text(text)
    run = evaluate(settings(variants=("base", "wrong-think"), texts=f"file:{out}"), tmp_path / "r")
    failure = next(iter(run.failures))
    assert "was written for 'below', which is 'left' now" in failure.message


# --- the spec and the command


def test_a_writer_is_named_like_a_model() -> None:
    spec = writer_spec("vllm:Qwen/Qwen3-32B,base_url=http://host:1/v1,temperature=0,max_tokens=50")
    assert spec.endpoint.base_url == "http://host:1/v1"
    assert (spec.sampling.temperature, spec.sampling.max_tokens) == (0.0, 50)


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("vlm:m", UnknownName, "did you mean vllm"),
        ("vllm", ConfigError, "name of a model"),
        ("vllm:m,temperature=warm", ConfigError, "temperature=NUMBER"),
        ("vllm:m,max_tokens=0", ConfigError, "max_tokens=NUMBER"),
        ("vllm:m,colour=red", UnknownName, "colour"),
    ],
)
def test_slips_in_a_spec(text: str, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        writer_spec(text)


SECRET = "sk-not-a-real-key-3141592653"


class Handler(BaseHTTPRequestHandler):
    """A chat server that writes what it is asked for."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = good(ChatRequest("", body))
        reply = {
            "choices": [
                {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
        }
        data = json.dumps(reply).encode()
        self.send_response(200 if self.headers["Authorization"] == f"Bearer {SECRET}" else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_command_writes_through_a_server_and_keeps_no_key(
    tmp_path: Path,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("aiohttp")
    monkeypatch.setenv("WRITER_KEY", SECRET)
    out = tmp_path / "texts.jsonl"
    spec = f"http:some/writer,base_url={address},key=WRITER_KEY"
    arguments = ["write", "--writer", spec, "--out", out, "--benchmark", f"{SCRIPTED}:Wide,n=6"]
    arguments += ["--variants", "wrong-think,neutral-think", "--cache", tmp_path / "cache"]

    def call(*more: object) -> int:
        monkeypatch.setattr("sys.argv", ["unswayed", *map(str, [*arguments, *more])])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code if isinstance(ended.value.code, int) else 0

    assert call("--limit", 4, "--max-requests", 5) != 0  # four thoughts and a neutral one
    said = capsys.readouterr()
    assert len(rows(out)) == 5
    assert call("--json") == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["written"], counts["before"], counts["samples"]) == (7, 5, 6)
    assert counts["spent"]["requests"] == 7
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert SECRET.encode() not in b"".join(kept)
    assert SECRET not in said.out + said.err
    monkeypatch.setenv("WRITER_KEY", "another")
    assert call("--foils", 2) == 2
    assert "another" not in capsys.readouterr().err
