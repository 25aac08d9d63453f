"""The tables of an index: what outputs are filtered and sorted by, their words, and their places.

`rows` is narrow, so that a whole run is looked through in some milliseconds; what a line of the
list shows beside it stands in `lines`. The two full-text tables keep no text, only which words it
has: texts are read from the run's own files.
"""

from __future__ import annotations

from unswayed.view.words import TOKENIZER

VERSION = 1
"""Raised whenever a table or what is written into it changes."""

ROWS = (
    "row",
    "sample",
    "benchmark",
    "variant",
    "foil_index",
    "draw",
    "category",
    "outcome",
    "judgeable",
    "correct",
    "sway",
    "swayed",
    "flip",
    "verdict",
    "quadrant",
    "conflict",
    "entropy",
    "p_correct",
    "shown",
)
"""Columns of `rows`, in order; of one output each, NULL where a cell is not known."""

SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE samples (
    sample INTEGER PRIMARY KEY, benchmark TEXT NOT NULL, name TEXT NOT NULL, question TEXT NOT NULL
);
CREATE TABLE rows (
    row INTEGER PRIMARY KEY,      -- place in generations.jsonl, from 0
    sample INTEGER NOT NULL,
    benchmark TEXT NOT NULL,
    variant TEXT NOT NULL,
    foil_index INTEGER NOT NULL,
    draw INTEGER NOT NULL,
    category TEXT,
    outcome TEXT NOT NULL,        -- an `AnswerClass`
    judgeable INTEGER NOT NULL,   -- there is a thought and an answer to be compared
    correct INTEGER,
    sway REAL,
    swayed INTEGER,
    flip TEXT,
    verdict TEXT,
    quadrant TEXT,
    conflict INTEGER,
    entropy REAL,
    p_correct REAL,
    shown INTEGER NOT NULL        -- hash of what the model was shown
);
CREATE TABLE lines (
    row INTEGER PRIMARY KEY,
    answered TEXT NOT NULL,       -- letter or value that was read
    excerpt TEXT NOT NULL,        -- beginning of what was written
    variant_at INTEGER NOT NULL,  -- first byte of the record in variants.jsonl, and so on
    generation_at INTEGER NOT NULL,
    verdict_at INTEGER            -- NULL where it is not judged
);
CREATE TABLE earlier (            -- verdicts of judges before the last one
    file TEXT NOT NULL, row INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (file, row)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE questions USING fts5 (
    question, content='', columnsize=0, tokenize='{TOKENIZER}'
);
CREATE VIRTUAL TABLE outputs USING fts5 (
    thought, answer, content='', columnsize=0, tokenize='{TOKENIZER}'
);
"""

INDEXES = """
CREATE UNIQUE INDEX sample_names ON samples (name, benchmark);
CREATE INDEX rows_of_samples ON rows (sample);
"""
"""Made once the tables are filled. A list reads `rows` from end to end, which no index would spare:
it is fetched whole, and sorted."""
