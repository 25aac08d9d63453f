"""What a judge model is shown: a versioned prompt, filled with material that cannot steer it.

A thought is written by another model and may hold anything: orders to the judge, a ready-made
verdict, the marks that end it, the control tokens of a chat template. The material therefore
stands between marks with a code that is a hash of the material itself, which its author could not
write into it, and control tokens are broken up so that no tokenizer reads them as such.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from unswayed.config.validation import explain
from unswayed.errors import ConfigError, UnknownName
from unswayed.judges import JudgeCase
from unswayed.run.files import content_hash

DEFAULT = "consistency-2"
_FIELD = re.compile(r"\{(tag|question|options|think|answer|means|named|problem)\}")
_NEEDED = {
    "user": ("{tag}", "{question}", "{options}", "{think}", "{answer}", "{means}"),
    "repair": ("{problem}",),
}
_CONTROL = re.compile(
    r"<(?=[|｜])|(?<=[|｜])>|<(?=/?(?:s|think|answer|unk|pad|bos|eos)>)"
    r"|<(?=(?:start|end)_of_(?:turn|text)>)|\[(?=/?(?:INST|SYSTEM_PROMPT)\])",
    re.IGNORECASE,
)
"""Brackets of what chat templates use as control tokens: `<|im_end|>`, `</s>`, `[INST]`."""


class Prompt(BaseModel):
    """A judge's prompt.

    Attributes:
        system: the instructions.
        user: the material of one case, with the fields `{tag}` (the code of the marks),
            `{question}`, `{options}`, `{think}`, `{answer}` and `{means}` (the letter that the
            answer asserts); `{named}`, which may be left out, says of an answer that names another
            letter than its text asserts which one that is, and is empty otherwise.
        repair: what is said to a reply that cannot be used, with `{problem}` in it.
        conflict: it asks for a fourth key, `conflict`: whether the thought says that the text it
            was given and the picture disagree.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    user: str
    repair: str
    conflict: bool = False


@dataclass(frozen=True)
class Brief:
    """The texts of the two messages about one case."""

    system: str
    user: str


def prompt(name: str = DEFAULT) -> Prompt:
    """Return a shipped prompt by name, or your own from a TOML file.

    Raises:
        UnknownName: there is no such prompt.
        ConfigError: the file is no prompt, or lacks a field.
    """
    if name.endswith(".toml"):
        return _parsed(_file_text(Path(name)), name)
    folder = resources.files("unswayed.judges.llm").joinpath("prompts")
    known = {
        file.name.removesuffix(".toml"): file
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    if name not in known:
        raise UnknownName("prompt of a judge", name, known, "name one of your own as PATH.toml")
    return _parsed(known[name].read_text("utf-8"), f"{name}.toml")


def brief(case: JudgeCase, prompt: Prompt) -> Brief:
    """Fill a prompt with a case; the picture and the gold are in no case, so they are not shown."""
    material = {
        "question": plain(case.question),
        "options": "\n".join(f"{letter}. {plain(text)}" for letter, text in case.options.items()),
        "think": plain(case.think),
        "answer": plain(case.answer),
    }
    named = f" by its text, though it names the letter {case.only_named}" if case.only_named else ""
    fields = {**material, "tag": _tag(material), "means": case.means or "", "named": named}
    return Brief(prompt.system.strip(), _filled(prompt.user.strip(), fields))


def repair(prompt: Prompt, problem: str) -> str:
    """Return what is said to a reply that cannot be used."""
    return _filled(prompt.repair.strip(), {"problem": problem})


def plain(text: str) -> str:
    """Break the control tokens of chat templates up: a blank goes behind or before the bracket."""
    return _CONTROL.sub(lambda match: f" {match[0]}" if match[0] == ">" else f"{match[0]} ", text)


def _tag(material: dict[str, str]) -> str:
    """Return a code that does not occur in the material; the same material has the same one."""
    whole = "\n".join(material.values())
    count = 0
    while (tag := content_hash([count, whole])[:8]) in whole:
        count += 1
    return tag


def _filled(template: str, fields: dict[str, str]) -> str:
    """Fill the fields in one pass, so that braces in the material stay as they are."""
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), template)


def _file_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the judge's prompt {path}: {error}") from error


def _parsed(text: str, where: str) -> Prompt:
    try:
        prompt = Prompt.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the judge's prompt {where} is no TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(explain(error, Prompt, "field of the prompt", where)) from error
    for part, needed in _NEEDED.items():
        missing = [field for field in needed if field not in getattr(prompt, part)]
        if missing:
            raise ConfigError(f"{where}: expected {', '.join(missing)} in {part!r}, found none")
    return prompt
