"""The card of an exported data set: what it is, how it was made, the licence of each source."""

# huggingface_hub is typed in part.
# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from unswayed.errors import UserError
from unswayed.export.sources import Source
from unswayed.perturbations.lookup import perturbation
from unswayed.run.folder import RunFolder
from unswayed.run.public import public


def card(
    run: RunFolder,
    sources: Sequence[Source],
    files: Mapping[str, str],
    counts: Mapping[str, int],
    variants: Sequence[str],
) -> str:
    """Return the card.

    Args:
        run: the run whose variants are exported.
        sources: source of each benchmark in it.
        files: configuration → its file, relative to the folder.
        counts: benchmark → number of samples.
        variants: names of the variants in it, in the order that they are shown in.
    """
    data = DatasetCardData(
        pretty_name=f"{', '.join(counts)}: perturbed by unswayed",
        license="other",
        license_name="see-the-sources",
        task_categories=["visual-question-answering"],
        tags=["unswayed", "robustness", "chain-of-thought"],
        configs=[
            {"config_name": name, "data_files": [{"split": "test", "path": path}]}
            for name, path in files.items()
        ],
    )
    sections = {
        "# A benchmark under misleading text": _summary(run, counts),
        "## Sources and licences": _licences(sources),
        "## Variants": _variants(variants),
        "## Columns": _columns(),
        "## Load": _loading(files),
    }
    body = "\n\n".join(f"{heading}\n{text}" for heading, text in sections.items())
    return str(DatasetCard(f"---\n{data.to_yaml()}\n---\n\n{body}\n"))


def _summary(run: RunFolder, counts: Mapping[str, int]) -> str:
    description = run.description()
    settings: Mapping[str, Any] = public(description["settings"])
    samples = ", ".join(f"{count:,} of {name}" for name, count in counts.items())
    return (
        f"Questions about pictures ({samples}), each as it is and in variants with text injected "
        "that is misleading, right or neutral. unswayed measures with them whether a "
        "vision-language model is swayed by such text, and whether its chain of thought says what "
        f"its answer says.\n\nMade by unswayed {description.get('unswayed')}: injected texts "
        f"`{settings.get('texts')}`, thoughts delivered as {settings.get('delivery')}, "
        f"{settings.get('foils')} wrong option(s) a question, seed {settings.get('seed')}."
    )


def _licences(sources: Sequence[Source]) -> str:
    lines = [
        f"- {one.benchmark}: {one.text()}{'' if one.passed_on else _LEFT_OUT}" for one in sources
    ]
    return "\n".join(
        [
            "Questions, options and pictures stay under the licence of their source, as that "
            "states it; pictures may keep the terms of where they were taken from. The injected "
            "texts are under Apache-2.0.",
            "",
            *lines,
        ]
    )


_LEFT_OUT = "; its pictures are left out, and `pictures_sha256` names them"


def _variants(names: Sequence[str]) -> str:
    return "\n".join(["| variant | what is changed |", "|---|---|", *map(_changed, names)])


def _changed(name: str) -> str:
    parts: list[str] = []
    for part in name.split("+"):
        try:
            parts.append(perturbation(part)[1].summary)
        except UserError:  # of a file that is not here any more
            parts.append("a perturbation of the user's")
    return f"| `{name}` | {'; '.join(parts)} |"


_MEANINGS = {
    "`id`, `benchmark`, `category`, `difficulty`": "the sample, as its benchmark gives it",
    "`cluster`, `group`": "samples share it that show one image or scene, or are copies of one "
    "question",
    "`question`, `options`, `answer`, `answer_kind`": "the question, and the letter or value that "
    "is right",
    "`pictures`, `pictures_sha256`": "the pictures as a person sees them, and the SHA-256 of their "
    "files",
    "`variants`": "each variant: its `name`, the `options` and the right `answer` as shown, the "
    "`foil` (a wrong option, the same in all variants of a sample), what the text `asserts`, and "
    "the text itself as `caption` (before the question), `draft` (a thought in the user's turn) or "
    "`prefill` (the start of the assistant's turn)",
}


def _columns() -> str:
    rows = [f"| {names} | {meaning} |" for names, meaning in _MEANINGS.items()]
    return "\n".join(["One row a sample:", "", "| column | what it says |", "|---|---|", *rows])


def _loading(files: Mapping[str, str]) -> str:
    return (
        "```python\nfrom datasets import load_dataset\n\n"
        f'samples = load_dataset("PATH_OR_REPOSITORY", "{next(iter(files))}", split="test")\n```'
    )
