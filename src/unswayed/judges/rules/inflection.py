"""Words as they are compared: number, spelling, plural and verb forms undone.

`fold` is for every word (case, possessive, plural, spelling, everyday synonyms of one thing);
`stem` also undoes a verb's ending, so that "jumping" is "jump". Both are tables and endings: no
dictionary, the same everywhere.
"""

from __future__ import annotations

from functools import lru_cache

_COUNTING = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty
"""
NUMBER_WORDS = {word: str(value) for value, word in enumerate(_COUNTING.split())}
_KEPT = 8192  # words whose folded form is remembered: a benchmark's vocabulary

_SAME = """
gray grey|color colour|center centre|tire tyre|meter metre|liter litre|theater theatre
gray-haired grey-haired|airplane aeroplane plane|jewelry jewellery|mustache moustache
couch sofa settee|television tv telly|bicycle bike|motorcycle motorbike|refrigerator fridge
phone telephone cellphone smartphone|trash rubbish garbage|donut doughnut|yogurt yoghurt
pajama pyjama|plow plough|gold golden|favorite favourite|harbor harbour|neighbor neighbour
gram gramme|percent percentage|photo photograph|kid child|rain rainy|snow snowy|cloud cloudy
sun sunny|day daytime daylight|night nighttime
wind windy|fog foggy|wood wooden|metal metallic|wool woolen woolly|wineglass wine-glass
"""
_SPELLED = {
    other: first
    for row in _SAME.replace("\n", "|").split("|")
    if row.strip()
    for first, *others in [row.split()]
    for other in others
}
_PLURALS = """
men man|women woman|children child|people person|persons person|feet foot|teeth tooth|mice mouse
geese goose|knives knife|leaves leaf|wolves wolf|shelves shelf|loaves loaf|halves half|lives life
scarves scarf|calves calf|wives wife|thieves thief|buses bus|gases gas|oxen ox|potatoes potato
tomatoes tomato|heroes hero|glasses glass|classes class|dresses dress|cacti cactus|shoes shoe
toes toe|canoes canoe|axes axe|pies pie|ties tie|movies movie|cookies cookie|species species
series series|lenses lens
"""
_SINGULAR = {
    many: one
    for pair in _PLURALS.replace("\n", "|").split("|")
    if pair.strip()
    for many, one in [pair.split()]
}
_VERBS = """
throw threw thrown|run ran|swim swam swum|sit sat|ride rode ridden|eat ate eaten|hold held
stand stood|drive drove driven|fly flew flown|write wrote written|read read|sleep slept
wear wore worn|catch caught|buy bought|sell sold|take took taken|give gave given|go went gone
make made|break broke broken|build built|feed fed|fall fell fallen|rise rose risen|sing sang sung
speak spoke spoken|drink drank drunk|cut cut|dig dug|draw drew drawn|grow grew grown|hang hung
hide hid hidden|hit hit|lie lay lain|pay paid|shake shook shaken|shoot shot|sink sank sunk
slide slid|steal stole stolen|sweep swept|swing swung|teach taught|tie tying|lie lying|die dying
wake woke woken|win won|leave left|keep kept|lead led|lose lost|meet met|freeze froze frozen
bite bit bitten|blow blew blown|choose chose chosen|fight fought|forget forgot|ring rang rung
"""
_BASE = {
    form: row.split()[0]
    for row in _VERBS.replace("\n", "|").split("|")
    if row.strip()
    for form in row.split()[1:]
    if form != "left"
}
_VOWELS = frozenset("aeiouy")


@lru_cache(_KEPT)
def fold(word: str) -> str:
    """Fold a word for comparing: case, possessive, plural, spelling, number words."""
    word = word.casefold().replace("’", "'")
    if not word.endswith("n't"):
        word = word.removesuffix("'s")
    word = NUMBER_WORDS.get(word, word) if word != "one" else word
    word = _singular(word)
    return _SPELLED.get(word, word)


@lru_cache(_KEPT)
def stem(word: str) -> str:
    """Undo a folded word's verb ending: "jumping", "jumped" and "jump" are one."""
    word = _BASE.get(word, word)
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) > 2 and not _VOWELS.isdisjoint(root) and root[-1] != "e":
            word = _single(root)
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _single(root: str) -> str:
    """Undo the doubled consonant of "running", but not of "falling"."""
    doubled = len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lszaeiou"
    return root[:-1] if doubled else root


def _singular(word: str) -> str:
    known = _SINGULAR.get(word)
    if known is not None:
        return known
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("shes", "ches", "xes", "sses", "zzes")):
        return word[:-2]
    return word[:-1]
