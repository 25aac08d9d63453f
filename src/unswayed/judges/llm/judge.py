"""A judge that is a language model behind an OpenAI-compatible server.

    llm:Qwen/Qwen3-32B,base_url=http://localhost:8000/v1    a model on a vLLM server
    llm:o4-mini,preset=openai                               a closed model

It sees the question, the options, the thought and the answer: never the picture, never the gold.
A reply that cannot be used is answered once with what is wrong with it, and then the judge has
failed on the case. A refusal or an error of the server is a failure as well, never a verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import Endpoint, endpoint
from unswayed.chat.limits import Limits, Spent
from unswayed.chat.records import ChatReply, ChatRequest
from unswayed.errors import ConfigError, ServerDown, StageError, UnswayedError
from unswayed.judges import BATCH, JudgeCase
from unswayed.judges.llm import brief, replies
from unswayed.judges.llm.replies import Judgement, UnusableReply
from unswayed.run.files import content_hash
from unswayed.types import Verdict

Effort = Literal["minimal", "low", "medium", "high"]

VERSION = 1
"""Version of how replies are read; part of the prompt hash."""

TOKENS = {"text": 1024, "summary": 8192, "hidden": 8192}
"""Token limit of a reply by what the server does with thinking, which counts towards it."""

_PER_SLOT = 8  # cases a batch for each request in flight: the last ones of a batch wait for no one
_ECHO = 4000  # characters of its own reply that a model is shown when it is asked to mend it


@dataclass(frozen=True)
class ReplySettings:
    """How the judge model writes.

    Attributes:
        temperature: 0 is greedy; None leaves it to the server, as where it takes none.
        max_tokens: limit of a reply, thinking included.
        thinking: `enable_thinking` of the chat template; None sends nothing.
        effort: `reasoning_effort`; None sends nothing.
        structured: the server is given a JSON schema to write by.
    """

    temperature: float | None
    max_tokens: int
    thinking: bool | None
    effort: str | None
    structured: bool


class LLM:
    """A language model on a server, which says what option a thought concludes on.

    Attributes:
        name: `llm:MODEL`, or the name given.
        prompt_hash: hash of the prompt, the model, its decoding and how replies are read.
        batch: how many cases it likes to get at once.
        endpoint: where it is; holds no secret.
        client: what it sends with.
    """

    extras: ClassVar[tuple[str, ...]] = ("http",)

    def __init__(
        self,
        model: str,
        *,
        preset: str = "vllm",
        base_url: str | None = None,
        key: str | None = None,
        name: str | None = None,
        prompt: str = brief.DEFAULT,
        temperature: float = 0.0,
        max_tokens: int | None = None,
        thinking: bool | None = None,
        effort: str | None = None,
        concurrency: int | None = None,
        timeout: float | None = None,
        attempts: int | None = None,
        max_requests: int | None = None,
        max_tokens_total: int | None = None,
        cache: str | None = None,
        **capabilities: Any,
    ) -> None:
        """Name the model and its server; nothing is sent yet.

        Args:
            model: the server's name of the model.
            preset: kind of server; see `unswayed.chat.endpoints.PRESETS`.
            base_url: the server's address.
            key: NAME of the environment variable that holds the key.
            name: name in the verdicts.
            prompt: name of a shipped prompt, or a TOML file.
            temperature: of the decoding, where the server takes one.
            max_tokens: limit of a reply; by default `TOKENS`.
            thinking: switch the thinking of the chat template on or off.
            effort: `minimal`, `low`, `medium` or `high`, for models that take it.
            concurrency: most requests in flight.
            timeout: seconds for one attempt.
            attempts: requests that are sent for one case before it has failed.
            max_requests: most requests in all.
            max_tokens_total: most tokens in all.
            cache: folder that keeps replies.
            capabilities: what this server has or lacks, such as `structured_output=false`.

        Raises:
            UnknownName: there is no such preset, prompt or capability.
            ConfigError: an option has no such value, or the key's variable is not set.
            MissingExtra: aiohttp is not installed.
        """
        _check(temperature, effort)
        _check_counts(
            max_tokens=max_tokens, max_requests=max_requests, max_tokens_total=max_tokens_total
        )
        self.endpoint: Endpoint = endpoint(preset, model, base_url, key, **capabilities)
        self.name = name or f"llm:{model}"
        self.prompt_name, self.prompt = prompt, brief.prompt(prompt)
        can = self.endpoint.capabilities
        self.decoding = ReplySettings(
            temperature=temperature if can.temperature else None,
            max_tokens=max_tokens or TOKENS[can.thoughts],
            thinking=thinking,
            effort=effort,
            structured=can.structured_output,
        )
        wording = self.prompt.model_dump(exclude_defaults=True)
        self.prompt_hash = content_hash(["llm", VERSION, wording, model, asdict(self.decoding)])
        self._given = {"concurrency": concurrency, "timeout_s": timeout, "attempts": attempts}
        limits = Limits.of(
            **self._given, max_requests=max_requests, max_tokens_total=max_tokens_total
        )
        self._cache = Path(cache) if cache else None
        self._outlives = False
        self._connect(limits)

    def bound(self, *, attempts: int, timeout_s: float, concurrency: int) -> None:
        """Ask within these bounds from now on, where the spec gave none, and outlive an outage.

        Args:
            attempts: requests that are sent for one case before it has failed.
            timeout_s: seconds for one of them.
            concurrency: most requests in flight.
        """
        wanted = {"attempts": attempts, "timeout_s": timeout_s, "concurrency": concurrency}
        open_ = {name: value for name, value in wanted.items() if self._given[name] is None}
        self._outlives = True
        self.client.close()
        self._connect(self.client.limits.model_copy(update=open_))

    def _connect(self, limits: Limits) -> None:
        self.batch = max(BATCH, _PER_SLOT * limits.concurrency)
        self.client = ChatClient(self.endpoint, limits, self._cache)

    def judge(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        """Yield one verdict per case, in order.

        Raises:
            UnswayedError: the server takes no key, knows no such model or is down, or the budget
                is spent. The verdicts that were had before, up to the first case without one,
                are yielded first, so that they are not paid for again. Once it is bounded, a server
                that is down ends nothing: the judge has failed on the cases without a reply.
        """
        for start in range(0, len(cases), self.batch):
            yield from self._batch(cases[start : start + self.batch])

    def provenance(self) -> dict[str, Any]:
        """Say which model judges, where and how: JSON values only, no secret."""
        return {
            "model": self.endpoint.model,
            "preset": self.endpoint.preset,
            "base_url": self.endpoint.base_url,
            "prompt": self.prompt_name,
            "decoding": asdict(self.decoding),
        }

    @property
    def servers(self) -> tuple[str, ...]:
        """The address of its server."""
        return (self.endpoint.base_url,)

    @property
    def spent(self) -> Spent:
        """Requests and tokens so far."""
        return self.client.spent

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _batch(self, cases: Sequence[JudgeCase]) -> Iterator[Verdict]:
        first = {
            str(at): ChatRequest(str(at), self.body(case))
            for at, case in enumerate(cases)
            if case.means is not None
        }
        answers, error = self._sent(list(first.values()))
        readings = {at: self._reading(reply, cases[int(at)]) for at, reply in answers.items()}
        again = {
            at: ChatRequest(at, self.mended(first[at].body, answers[at], problem))
            for at, problem in readings.items()
            if isinstance(problem, UnusableReply)
        }
        if error is None:
            answers, error = self._sent(list(again.values()))
            mended = {at: self._reading(reply, cases[int(at)]) for at, reply in answers.items()}
            readings |= {at: _failed(reading) for at, reading in mended.items()}
            again = {at: request for at, request in again.items() if at not in mended}
        if self._outlives and isinstance(error, ServerDown):
            lost = _Lost(f"the judge gave no reply: {error}")
            readings |= {at: lost for at in first if at in again or at not in readings}
            again = {}
        for at, case in enumerate(cases):
            if case.means is None:
                yield self._verdict(case, "skipped", "there is no readable answer")
                continue
            reading = readings.get(str(at))
            if reading is None or str(at) in again:
                raise error or StageError(f"the judge {self.name} lost a reply")
            yield self._verdict_on(case, reading)

    def _sent(
        self, requests: Sequence[ChatRequest]
    ) -> tuple[dict[str, ChatReply], UnswayedError | None]:
        """Return the replies by id; if sending stopped, those that came before, and why."""
        came: dict[str, ChatReply] = {}

        def keep(reply: ChatReply) -> None:
            came[reply.id] = reply

        if not requests:
            return came, None
        try:
            return {reply.id: reply for reply in self.client.send_all(requests, keep)}, None
        except UnswayedError as error:
            return came, error

    def body(self, case: JudgeCase) -> dict[str, Any]:
        """Return the body of the request about a case."""
        texts = brief.brief(case, self.prompt)
        can = self.endpoint.capabilities
        messages = [
            {"role": can.system_role, "content": texts.system},
            {"role": "user", "content": texts.user},
        ]
        if can.system_role == "user":
            messages = [{"role": "user", "content": f"{texts.system}\n\n{texts.user}"}]
        wanted: dict[str, Any] = {
            "messages": messages,
            can.max_tokens_field: self.decoding.max_tokens,
        }
        if self.decoding.temperature is not None:
            wanted["temperature"] = self.decoding.temperature
        if self.decoding.thinking is not None:
            wanted["chat_template_kwargs"] = {"enable_thinking": self.decoding.thinking}
        if self.decoding.effort is not None:
            wanted["reasoning_effort"] = self.decoding.effort
        if self.decoding.structured:
            schema = replies.schema(case.options, conflict=self.prompt.conflict)
            form = {"name": "judgement", "strict": True, "schema": schema}
            wanted["response_format"] = {"type": "json_schema", "json_schema": form}
        return wanted

    def mended(
        self, body: Mapping[str, Any], reply: ChatReply, problem: UnusableReply
    ) -> dict[str, Any]:
        """Return the body of the one request that asks for a usable reply."""
        text = replies.without_thinking(reply.choices[0].text) if reply.choices else ""
        echo = text if isinstance(text, str) else ""
        turns = [
            {"role": "assistant", "content": brief.plain(echo[:_ECHO]) or "(no reply)"},
            {"role": "user", "content": brief.repair(self.prompt, problem.text)},
        ]
        return {**body, "messages": [*body["messages"], *turns]}

    def _reading(self, reply: ChatReply, case: JudgeCase) -> Judgement | UnusableReply | _Lost:
        if reply.status == "refused":
            return _Lost("the judge model refused")
        if reply.status == "error":
            return _Lost(f"the judge gave no reply: {reply.error}")
        choice = reply.choices[0]
        if choice.finish == "length":
            return UnusableReply("it was cut off at the token limit")
        return replies.parse_reply(
            choice.text, case.options, case.means or "", conflict=self.prompt.conflict
        )

    def _verdict_on(self, case: JudgeCase, reading: Judgement | UnusableReply | _Lost) -> Verdict:
        if isinstance(reading, Judgement):
            verdict = self._verdict(case, reading.status, reading.reason, reading.concludes)
            return verdict.model_copy(update={"acknowledges": reading.acknowledges})
        return self._verdict(case, "failed", reading.text)

    def _verdict(
        self, case: JudgeCase, status: Any, reason: str, concludes: str | None = None
    ) -> Verdict:
        return Verdict(
            id=case.id,
            judge=self.name,
            prompt_hash=self.prompt_hash,
            status=status,
            concludes=concludes,
            reason=reason,
        )


@dataclass(frozen=True)
class _Lost:
    """Why there is no reply: nothing that asking again would mend."""

    text: str


def _failed(reading: Judgement | UnusableReply | _Lost) -> Judgement | _Lost:
    """A problem that is still there after the repair is final."""
    if isinstance(reading, UnusableReply):
        return _Lost(f"no usable reply, asked twice: {reading.text}")
    return reading


def _check(temperature: Any, effort: Any) -> None:
    # options come from a command line, where a number may turn out to be a text
    if not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
        raise ConfigError(f"expected a judge's temperature from 0 to 2, found {temperature!r}")
    if effort is not None and effort not in get_args(Effort):
        known = ", ".join(get_args(Effort))
        raise ConfigError(f"expected a judge's effort of {known}; found {effort!r}")


def _check_counts(**counts: Any) -> None:
    for name, value in counts.items():
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ConfigError(f"expected a judge's {name} of at least 1, found {value!r}")
