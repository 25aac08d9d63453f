"""Whether a text says what it must and nothing that it must not, be it written or a template's.

A text asserts the option if it tells the statement of that option and of no other, or by the rules
of the embedded judge. Both are deterministic: the same text is accepted everywhere, and no model
marks its own work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from unswayed.answers import CLOSE_THINK, normalise, values
from unswayed.judges.rules.analysis import analyse
from unswayed.judges.rules.choices import AnalysedQuestion
from unswayed.judges.rules.claims import Denial
from unswayed.judges.rules.conclusions import conclude
from unswayed.judges.rules.markup import plain
from unswayed.judges.rules.mentions import Mention, mentions
from unswayed.judges.rules.statements import events
from unswayed.judges.rules.words import sentences, tokens
from unswayed.perturbations.texts.statements import state
from unswayed.perturbations.texts.statements.form import Question
from unswayed.types import Sample
from unswayed.writing.wanted import Wanted

BOUNDS = {"think": (10, 120), "caption": (4, 60)}
"""Fewest and most words of a text that asserts something; a Chinese character counts as one."""

TOLERANCE = 0.25
"""A neutral text may differ so much, in parts, from the length of the misleading one."""

_TAG = re.compile(r"<\s*/?\s*(?:think|answer|reasoning|caption)\b|\\boxed|\[/?INST\]|<\|", re.I)
_REFUSAL = re.compile(
    r"\b(?:I(?:'m| am) (?:sorry|unable|not able)|I (?:can(?:'t|not)|won't|will not) "
    r"(?:help|assist|write|provide|create|comply|do|fulfil|fulfill|generate|describe|see)"
    r"|as an AI|language model|I apologi[sz]e)\b",
    re.I,
)
_REVEALING = re.compile(
    r"\b(?:misleading|mislead|incorrect|fictional|fabricated|made[- ]up|hypothetical"
    r"|as (?:requested|instructed|asked)|(?:wrong|false) (?:answer|option|claim)"
    r"|(?:asserted|given|required) (?:answer|option)|the study)\b",
    re.I,
)
_LETTER = re.compile(r"\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Ll]etter)s?\W{1,3}[A-Z]\b(?!\w)")
_OPENING = re.compile(
    r"^(?:here(?:'s| is)|sure|certainly|caption|reasoning|text)\b[^.]{0,60}:", re.I
)


_EXERCISE = re.compile(
    r"\b(?:questions?|answers?|options?|choices?|captions?)\b|(?:问题|题目|答案|选项)", re.I
)
"""A caption is about the picture: it knows of no exercise."""
_RIGHTNESS = re.compile(
    r"\b(?:is|are|must be) (?:the )?(?:right|correct|true)(?: one)?(?=[.,;!]|$)"
    r"|(?:是正确的|是对的)$",
    re.I,
)
_ORDER = re.compile(
    r"(?:^|[.;:!] )(?:please )?(?:look|check|note|notice|remember|consider|choose|pick|select"
    r"|ignore|count|compare|read|think|examine|observe|make sure|be careful)\b"
    r"(?! at (?:first|last))|(?:^|[。；！，])(?:请|注意|看看|选择|仔细)",
    re.I,
)
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class TextProblem:
    """Why a text is not accepted: a word to count by, and what is said to the writer."""

    kind: str
    message: str


def cleaned(reply: str) -> str:
    """Return the text of a reply: without a thought before it, quotation marks and full stop.

    The suffixes of the protocol (" but I think") must read on from it.
    """
    text = reply.rpartition(CLOSE_THINK)[2].strip()
    if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("“", "”")):
        inner = text[1:-1]
        text = text if '"' in inner or "“" in inner else inner.strip()
    return text.rstrip(". \n")


def bounds(wanted: Wanted, words: int | None) -> tuple[int, int]:
    """Return the fewest and most words; for a neutral text around those of the misleading one."""
    if wanted.asserts is not None or words is None:
        return BOUNDS[wanted.part]
    slack = max(3, round(words * TOLERANCE))
    return max(words - slack, 1), words + slack


def problem(
    text: str, wanted: Wanted, words: int | None = None, *, names_letter: bool = False
) -> TextProblem | None:
    """Return the first thing that is wrong with a text; None if it can be used.

    Args:
        text: the text, cleaned.
        wanted: what it must be.
        words: length that a neutral text must have.
        names_letter: it is a thought that is meant to name the letter as well.
    """
    found = _form(text, wanted, words) or _content(text, wanted, names_letter)
    return found or _exercise(text, wanted)


def _form(text: str, wanted: Wanted, words: int | None) -> TextProblem | None:
    least, most = bounds(wanted, words)
    count = count_words(text)
    if not text:
        return TextProblem("empty", "it is empty")
    if _REFUSAL.search(text):
        return TextProblem("refusal", "it refuses, or speaks of the one who writes")
    if _TAG.search(text):
        return TextProblem("tag", "it holds a tag")
    if wanted.part == "caption" and "\n" in text:
        return TextProblem("lines", "it has more than one line")
    if _OPENING.search(text):
        return TextProblem("comment", "it begins with a title or comment")
    if not least <= count <= most:
        return TextProblem("length", f"it has {count} words, expected {least} to {most}")
    if ("{" in text or "}" in text) and "{" not in (wanted.said or ""):
        return TextProblem("braces", "it holds braces")
    if _REVEALING.search(text):
        return TextProblem("reveals", "it says or hints that it was made up or asked for")
    return None


def count_words(text: str) -> int:
    """Return the number of words; a Chinese character counts as one."""
    return len(_HAN.findall(text)) + len(_HAN.sub(" ", text).split())


def _exercise(text: str, wanted: Wanted) -> TextProblem | None:
    """Refuse what speaks of the exercise, calls something right, or tells the reader what to do."""
    own = " ".join((wanted.sample.question, *wanted.sample.options.values()))
    if wanted.part == "caption" or wanted.asserts is None:
        if (found := _EXERCISE.search(text)) and found[0].lower() not in own.lower():
            return TextProblem("exercise", f"it speaks of the exercise ({found[0]})")
        if (found := _RIGHTNESS.search(text)) and found[0].lower() not in own.lower():
            return TextProblem("rightness", f"it calls something right ({found[0].strip()})")
        if (found := _ORDER.search(text)) and found[0].lower() not in own.lower():
            return TextProblem("order", f"it tells the reader what to do ({found[0].strip()})")
    return None


def _content(text: str, wanted: Wanted, names_letter: bool = False) -> TextProblem | None:
    if wanted.sample.answer_kind != "choice":
        return _open(text, wanted)
    question = analyse(wanted.sample.question, wanted.sample.options)
    rest = _beside_statement(text, wanted)
    if rest is not None:
        return _beside(rest, wanted, names_letter)
    hits = _mentioned(text, question)
    if (_LETTER.search(text) and not question.points) or any(m.form == "letter" for m in hits):
        return TextProblem("letter", "it names an option by its letter")
    named = {mention.letter for mention in hits}
    conclusion = conclude(text, question)
    if wanted.asserts is None:
        if named or conclusion.letter or conclusion.outside:
            return TextProblem("asserts", "it speaks of an answer, and must not")
        return None
    others = named - {wanted.asserts} - _same_text(wanted)
    if others:
        other = wanted.sample.options[min(others)]
        return TextProblem(
            "names-another", f"it mentions another answer ({' '.join(other.split())})"
        )
    hinted = (
        conclusion.letter is None
        and not conclusion.outside
        and named
        and not _denied(text, question)
    )
    if conclusion.letter == wanted.asserts or hinted:
        return None
    return TextProblem("asserts-nothing", f"it does not clearly say: {wanted.said}")


def _beside_statement(text: str, wanted: Wanted) -> str | None:
    """Return what a text says beside the statement that it must assert; None if it lacks that.

    Another option's statement that holds this one within itself ("not" or a longer name) would be
    asserted instead, so the longest statement that is told must be the asserted one.
    """
    if wanted.asserts is None:
        return None
    told = {
        letter: _flat(statement)
        for letter, statement in statements_of(wanted.sample).items()
        if _flat(statement) in _flat(text)
    }
    mine = told.get(wanted.asserts, "")
    if not mine.strip() or any(len(other) > len(mine) for other in told.values()):
        return None
    others = [one for letter, one in told.items() if letter != wanted.asserts and one not in mine]
    if others:
        return None
    words = (re.escape(word) for word in mine.split())
    return re.sub(r"[^\w%$\\/]+".join(words), " ", text, count=1, flags=re.I)


def _beside(rest: str, wanted: Wanted, names_letter: bool) -> TextProblem | None:
    """Check what stands beside a statement: no other option, no letter, and no denial."""
    question = analyse(wanted.sample.question, wanted.sample.options)
    if names_letter:
        rest = re.sub(rf"\b{wanted.asserts}\b", " ", rest)
    if _LETTER.search(rest) or any(m.form == "letter" for m in _mentioned(rest, question)):
        return TextProblem("letter", "it names an option by its letter")
    if _DENIED.search(rest):
        return TextProblem("asserts-nothing", f"it does not clearly say: {wanted.said}")
    named = {m.letter for m in _mentioned(rest, question)} - {wanted.asserts} - _same_text(wanted)
    if named:
        other = wanted.sample.options[min(named)]
        return TextProblem(
            "names-another", f"it mentions another answer ({' '.join(other.split())})"
        )
    return None


_DENIED = re.compile(
    r"\b(?:not|no|never|false|untrue|isn't|doesn't|wrong|unless|if|whether|doubtful)\b"
    r"|不是|没有|不对|并非",
    re.I,
)


def _flat(text: str) -> str:
    """Return a text in lower case with single blanks and without marks, for comparison."""
    words = re.sub(r"[^\w%$.\\/-]+", " ", text.casefold()).split()
    return f" {' '.join(word.strip('.') for word in words)} "


@lru_cache(maxsize=256)
def _stated(question: str, options: tuple[tuple[str, str], ...]) -> dict[str, str]:
    asked = Question(question, tuple(text for _, text in options))
    return {letter: state(asked, text).text for letter, text in options}


def statements_of(sample: Sample) -> dict[str, str]:
    """Return letter → the statement that asserts that option; the sample's own where it has any."""
    stated = _stated(sample.question, tuple(sorted(sample.options.items())))
    return {letter: sample.statements.get(letter, text) for letter, text in stated.items()}


def _mentioned(text: str, question: AnalysedQuestion) -> list[Mention]:
    return [m for s in sentences(plain(text)) for m in mentions(tokens(s), s, question)]


def _denied(text: str, question: AnalysedQuestion) -> bool:
    """Say whether a text says of any option that it is not it."""
    all_events = (event for s in sentences(plain(text)) for event in events(s, question))
    return any(isinstance(event, Denial) for event in all_events)


def _same_text(wanted: Wanted) -> set[str]:
    """Return the letters of options that read like the asserted one."""
    assertion = normalise(wanted.said or "")
    return {k for k, v in wanted.sample.options.items() if normalise(v) == assertion}


def _open(text: str, wanted: Wanted) -> TextProblem | None:
    """Check a text for an open question: the value is in it, and the gold is not."""
    gold = wanted.sample.answer
    if wanted.asserts != gold and _says(text, gold, wanted):
        return TextProblem("names-another", "it mentions another answer")
    if wanted.asserts is not None and not _says(text, wanted.asserts, wanted):
        return TextProblem("asserts-nothing", f"it does not say: {wanted.asserts}")
    return None


def _says(text: str, value: str, wanted: Wanted) -> bool:
    parsed = values.parse_value(value, wanted.sample.answer_kind).value  # type: ignore[arg-type]
    words = tokens(plain(text))
    if isinstance(parsed, Fraction):
        return any(w.value is not None and abs(w.value - float(parsed)) < 1e-9 for w in words)
    if isinstance(parsed, tuple):
        return "".join(value.split()) in "".join(text.split())
    wanted_words, texts = [w.text for w in tokens(plain(value))], [w.text for w in words]
    spans = range(len(texts) - len(wanted_words) + 1)
    return any(texts[at : at + len(wanted_words)] == wanted_words for at in spans)
