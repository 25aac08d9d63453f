"""The words of a search → expressions of SQLite's full-text index, FTS5.

    chair lamp      both words, wherever each stands
    cha             words that begin so
    "red chair"     these words one behind the other

No character of a search is syntax but the quotation mark. Scripts that put no blank between words
(Chinese, Japanese, Thai) are indexed character by character and searched as phrases.
"""

from __future__ import annotations

import re

TOKENIZER = "unicode61 remove_diacritics 2"
"""Words are runs of letters and digits of any script, without case and accents."""
_QUOTED = re.compile(r'"([^"]*)"?|([^\s"]+)')
_UNSPACED = re.compile("([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")


def spaced(text: str) -> str:
    """Return a text as it is indexed: characters of scripts without blanks apart, no NUL."""
    return _UNSPACED.sub(r" \1 ", text).replace("\0", " ")


def expressions(search: str) -> list[str]:
    """Return an FTS5 expression for each word and phrase of a search; none without any word."""
    found: list[str] = []
    for match in _QUOTED.finditer(search):
        phrase, word = match[1], match[2]
        text = spaced(word if phrase is None else phrase)
        if any(character.isalnum() for character in text):
            found.append(f'"{text}"' + ("" if phrase is not None else " *"))
    return found
