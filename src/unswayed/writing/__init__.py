"""Captions and thoughts written by a language model, into an annotation file that can be released.

    wanted   which texts an evaluation needs: found by making its variants with a source that notes
    asking   a text that is wanted → a chat request, by the prompt files in prompts/
    checks   whether a text says what it must and nothing that it must not
    files    the annotation file and, beside it, the texts that were rejected
    writer   ask, check, ask once more, keep

The writer sees the question, the options and the option that is to be asserted, never the picture
and never the gold (PROTOCOL section 3).
"""
