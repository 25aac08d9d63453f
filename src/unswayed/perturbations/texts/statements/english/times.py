"""When something is so: "In 2012 the revenue is the highest"."""

from __future__ import annotations

import re

from unswayed.perturbations.texts.statements.english.asking import asked
from unswayed.perturbations.texts.statements.english.clauses import clause
from unswayed.perturbations.texts.statements.english.grammar import bare, is_plural, sentence
from unswayed.perturbations.texts.statements.form import Question, QuestionForm, Say

_WHEN = re.compile(
    r"^(?P<at>in|on|at|during|for) (?:which|what) (?P<unit>year|month|day|quarter|season"
    r"|century|decade"
    r"|period|week|country|city|state|region|category|group|case|row|column|section|picture"
    r"|image|figure"
    r"|room|place|part|area)s? (?P<rest>.+)$",
    re.I,
)
_UNIT = re.compile(
    r"^(?:which|what) (?P<unit>year|month|day|quarter|season|decade|period|week) (?P<verb>has"
    r"|had|is|was"
    r"|shows?|saw|sees|recorded|experienced|marks?) (?P<rest>.+)$",
    re.I,
)


def _when(question: Question) -> Say | None:
    parts = asked(question.text)
    if parts is None:
        return None
    if match := _UNIT.match(parts.asks):
        return lambda option: sentence(f"{bare(option)} {match['verb'].lower()} {match['rest']}")
    match = _WHEN.match(parts.asks)
    read = clause(match["rest"]) if match else None
    if match is None or read is None:
        return None
    if read.verb in ("do", "does", "did"):
        verb, _, more = read.said.partition(" ")
        past = read.verb == "did"
        finite = verb if is_plural(read.subject) or past else f"{verb}s"
        finite = f"did {verb}" if past else finite
        told = f"{read.subject} {finite} {more}".strip()
    elif read.subject == "there":
        told = f"there {read.verb} {read.said}"
    else:
        told = f"{read.subject} {read.verb} {read.said}"
    return lambda option: sentence(f"{match['at']} {bare(option)}, {told}")


FORMS = (QuestionForm("time", _when),)
