"""A prompt profile: as few words as possible."""

from unswayed.prompts import Profile

TERSE = Profile(
    name="terse",
    before="",
    after="Think in <think></think>, then answer with a letter in <answer></answer>.",
    max_new_tokens=256,
    source="the example package of unswayed",
)
