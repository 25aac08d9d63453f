"""Counts over the rows of a benchmark as they go by; texts are not kept, only their digests."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unswayed import answers
from unswayed.benchmarks.sources.pictures import NO_PICTURE
from unswayed.errors import DataError
from unswayed.run.pictures import read_image
from unswayed.types import Failure, ImageRef, PictureChange, Sample

MAX_CATEGORIES = 200
"""Categories that are listed by name; further ones are counted together."""

LONG_QUESTION = 4000
"""Characters from which a question is called very long."""

MESSAGES = 5
"""Failures, and broken pictures, that are shown with their message."""

_OTHERS = "(others)"


@dataclass
class Tally:
    """The counts while the rows go by.

    Attributes:
        pictures: also decode every picture.
        samples: rows that came as samples.
        failures: rows that came as failures.
        kinds: kind of answer → samples.
        categories: category → samples.
        options: number of options → samples, choices only.
        golds: gold letter → samples, choices only.
        golds_by_options: (number of options, gold letter) → samples.
        clusters: digests of the images or scenes.
        groups: digest of a group → (copies, number of options).
        seen: digests of the questions with their options in order.
        gold_of: digest of a question with its options in any order → digest of the gold's text.
        decoded: digests of the paths of pictures that were decoded.
        changed: what must be done to pictures so that they show what a person sees → pictures.
        counts: what else is counted: `unfound` (failures for want of a picture), `gone`, `bare`
            and `undecodable` (samples by their pictures), `long`, `duplicates`, `contradictions`,
            `nan` and `repeated` (samples by their texts).
        longest_question: characters.
        longest_hits: over samples with one longest option: how often it is the gold, how often
            that is so by chance, the variance of that, and the number of such samples.
        messages: the first failures and broken pictures, as (row, message).
    """

    pictures: bool
    samples: int = 0
    failures: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    categories: Counter[str] = field(default_factory=Counter[str])
    options: Counter[int] = field(default_factory=Counter[int])
    golds: Counter[str] = field(default_factory=Counter[str])
    golds_by_options: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    clusters: set[bytes] = field(default_factory=set[bytes])
    groups: dict[bytes, tuple[int, int]] = field(default_factory=dict[bytes, tuple[int, int]])
    seen: set[bytes] = field(default_factory=set[bytes])
    gold_of: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    decoded: set[bytes] = field(default_factory=set[bytes])
    changed: Counter[PictureChange] = field(default_factory=Counter[PictureChange])
    counts: Counter[str] = field(default_factory=Counter[str])
    longest_question: int = 0
    longest_hits: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])
    messages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def add(self, item: Sample | Failure) -> None:
        """Count a row."""
        if isinstance(item, Failure):
            self.failures += 1
            self.counts["unfound"] += item.message.startswith(NO_PICTURE)
            self._say(item.id, item.message)
            return
        self.samples += 1
        self.kinds[item.answer_kind] += 1
        known = item.category in self.categories or len(self.categories) < MAX_CATEGORIES
        self.categories[item.category if known else _OTHERS] += 1
        self.clusters.add(_digest(item.cluster))
        if item.group is not None:
            key = _digest(item.group)
            copies, _ = self.groups.get(key, (0, 0))
            self.groups[key] = (copies + 1, len(item.options))
        self.longest_question = max(self.longest_question, len(item.question))
        self.counts["long"] += len(item.question) >= LONG_QUESTION
        self._add_pictures(item)
        self._add_question(item)
        if item.answer_kind == "choice":
            self._add_choice(item)

    @property
    def incomplete_groups(self) -> int:
        """Groups with fewer copies than most groups with as many options."""
        return _incomplete(list(self.groups.values()))

    def _say(self, row: str, message: str) -> None:
        if len(self.messages) < MESSAGES:
            self.messages.append((row, message))

    def _add_pictures(self, sample: Sample) -> None:
        self.counts["bare"] += not sample.images
        gone = [image for image in sample.images if image.path and not Path(image.path).is_file()]
        if gone:
            self.counts["gone"] += 1
            self._say(sample.id, f"{NO_PICTURE} {gone[0].path}")
        elif self.pictures:
            self.counts["undecodable"] += not self._decodes(sample)

    def _decodes(self, sample: Sample) -> bool:
        """Decode the pictures of a sample; one that lies in a file is decoded once."""
        for image in sample.images:
            key = _digest(image.path) if image.path else b""
            if key in self.decoded:
                continue
            try:
                self.changed.update(read_image(image).changes)
            except DataError as error:
                self._say(sample.id, str(error))
                return False
            if key:
                self.decoded.add(key)
        return True

    def _add_question(self, sample: Sample) -> None:
        """Look for the same question about the same pictures, in this and any order of options."""
        # Without pictures at hand the image's name stands for them. It cannot tell a question from
        # the one about the mirrored picture, so copies of a group are not compared then.
        if not sample.images and sample.group is not None:
            return
        shown = [_shown(image) for image in sample.images] or [sample.cluster]
        texts = list(sample.options.values())
        exact = _digest(sample.question, *texts, *shown)
        self.counts["duplicates"] += exact in self.seen
        self.seen.add(exact)
        unordered = _digest(sample.question, *sorted(texts), *shown)
        gold = _digest(sample.options.get(sample.answer, sample.answer))
        self.counts["contradictions"] += self.gold_of.setdefault(unordered, gold) != gold

    def _add_choice(self, sample: Sample) -> None:
        texts = {letter: answers.normalise(text) for letter, text in sample.options.items()}
        self.options[len(texts)] += 1
        self.golds[sample.answer] += 1
        self.golds_by_options[len(texts), sample.answer] += 1
        self.counts["nan"] += "nan" in texts.values()
        self.counts["repeated"] += len(set(texts.values())) < len(texts)
        lengths = sorted(map(len, sample.options.values()))
        if len(lengths) > 1 and lengths[-1] > lengths[-2]:
            chance = 1 / len(lengths)
            hit = len(sample.options[sample.answer]) == lengths[-1]
            for i, value in enumerate((hit, chance, chance * (1 - chance), 1)):
                self.longest_hits[i] += value


def _shown(image: ImageRef) -> str | bytes:
    """Return what tells a picture from others without fetching it."""
    return image.data or image.key or image.path or repr(image.loader)


def _digest(*parts: str | bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def _incomplete(groups: Sequence[tuple[int, int]]) -> int:
    """Count the groups with fewer copies than is usual for their number of options."""
    sizes: dict[int, Counter[int]] = {}
    for copies, options in groups:
        sizes.setdefault(options, Counter())[copies] += 1
    # Of sizes that are equally common the larger counts: nothing makes copies that are not there.
    usual = {options: max(n, key=lambda size: (n[size], size)) for options, n in sizes.items()}
    return sum(copies < usual[options] for copies, options in groups)
