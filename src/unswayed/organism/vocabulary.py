"""The words that the organism's tokenizer knows as one token each; anything else becomes bytes.

Data only. A word is listed once and `token_texts` makes the forms in which it stands in a text:
after a space, and bare or capitalised where a line or a quotation can begin with it.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
"""Control tokens, in the names of the Qwen2-VL family; decoding drops them."""

SCENE_WORDS = _words(
    """
    red green blue yellow purple orange circle square triangle circles squares triangles object
    objects color shape small large top upper lower bottom leftmost left right rightmost above
    below of in front behind covers covered overlap largest smallest picture image corner Yes No
    yes no
    """
)
"""Words of the scenes: quoted and unquoted, so each is known bare and after a space."""

ROLE_WORDS = _words(
    """
    user assistant system
    """
)

SENTENCE_STARTS = _words(
    """
    Caption Question Options Okay Wait Where Which How What Two Is There I The In So A An This It
    Let Looking Hmm First Now Then Describe Locate Letters Answer Color Think Based From Here
    However But My We You If Note Maybe After All One That To For At On As
    """
)

COMMON_WORDS = _words(
    """
    a about accurate across actual actually after again all also always an and another answer any
    anything appear appears are around as asked at background be because been before being best
    better between bit both but by can careful carefully certain certainly check checked choice
    choose chose clear clearly closer compare compared comparing comparison conclude conclusion
    confident confirm confirms consider considered correct could count counted counting definitely
    depicted describe described describes detail details did different directly do does doubt each
    easily easy either enough every everything evidence evident exactly examine fact far few final
    find first fit fits five follows for found four from full given gives go going good had has
    have he help helps here how i idea if image images incorrect indeed indicates inside instead
    into is it its just keep know known last let likely line listed little locate look looked
    looking looks made make makes many match matched matches maybe me mean means might more most
    must my near need needed neither next nor not nothing note noted now number obvious obviously
    off okay on one only onto option options or order original other others our out over pair part
    parts paying people photo place placed plain plainly point points position possible probably
    question read reading really reason reasoning relative response result rest same say says
    scene see seem seems seen select shape shapes should show shown shows side simple since single
    size sizes so some something still straight sure take taken task tell text than that the their
    them then there therefore these they thing things think this those thought three through time
    to together too true try two under understand up us use used very view visible visual was way
    we well were what when where whether which while who whole why will with within without words
    work would wrong you your taken taking time times steps step let's part attention above
    contains contain content several picks pick picked settle settled leaves leaving rules rule
    ruled supports support supported agrees agree expected sense whatever careful once twice edge
    center colour colours colors bright dark light grey gray white black pixels drawn draw objects
    belongs belong stand stands standing holds hold held comes come whoever against matters matter
    else settles went list anyone yet start starts turn turns answers decide decides slowly open
    until end choosing hurry caption letter yes no every second third middle hint trust ignore
    mistaken mistake misleading believe despite although while whereas second than object's most
    least lies lie seen picture pictures helps leave doubt
    """
)

CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")

PUNCTUATION = (
    "\n",
    " ",
    *".,:;?!\"'()-",
    ' "',
    " (",
    '",',
    '".',
    '?"',
    ").",
    "),",
    "...",
    " -",
)

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"


def token_texts() -> list[str]:
    """Return every text that is one ordinary token, without repeats, in a fixed order.

    Single bytes and control tokens are not among them.
    """
    bare = [*SCENE_WORDS, *ROLE_WORDS, *SENTENCE_STARTS, *CAPITALS, *DIGITS]
    spaced = [*SCENE_WORDS, *SENTENCE_STARTS, *COMMON_WORDS, *CAPITALS, *DIGITS]
    forms = [*PUNCTUATION, *CONTRACTIONS, *bare, *(f" {word}" for word in spaced)]
    return list(dict.fromkeys(forms))
