"""English words that the forms look for. Data only."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


DETERMINERS = listed(
    """
    the a an this that these those his her its their your my our some any no each every both all
    another one's several many most few whose
    """
)

NUMBERS = listed(
    """
    zero one two three four five six seven eight nine ten eleven twelve
    """
)

FINITE = listed(
    """
    is are was were has have had can could will would should does do did be been cannot can't
    isn't aren't doesn't don't may might must won't
    """
)

PLURALS = listed(
    """
    people men women children persons sheep deer fish teeth feet mice geese police cattle
    glasses scissors pants jeans trousers shorts stairs shelves clothes flowers trees goods
    """
)

SINGULARS = listed(
    """
    bus glass grass dress boss class gas lens chess tennis canvas campus virus cactus news
    mathematics physics christmas series this his its yes plus perhaps always
    towards forwards backwards upwards downwards sideways jesus paris texas asparagus octopus
    walrus hippopotamus cross moss mattress address process princess waitress business
    """
)

PROPER = listed(
    """
    Africa Asia Europe America Australia Antarctica China India Japan Korea Thailand Vietnam
    Russia France Germany Italy Spain Portugal England Britain Greece Turkey Egypt Canada Mexico
    Brazil Argentina Chile Peru Kenya Nigeria Ethiopia Iran Iraq Israel Pakistan Singapore
    Malaysia Indonesia London Paris Rome Berlin Madrid Beijing Shanghai Tokyo Moscow Sydney
    Chicago Boston Texas California Florida Virginia Georgia Alaska Hawaii Maryland Vermont
    Delaware Earth Mars Venus Jupiter Saturn Mercury Neptune Uranus English Chinese French
    German Spanish Italian Japanese Korean Russian Arabic Latin Monday Tuesday Wednesday
    Thursday Friday Saturday Sunday January February March April May June July August September
    October November December Christmas Easter Halloween Islam Buddhism Christianity Google
    Apple Microsoft Python Java Dalmatian Labrador Husky Siamese Asian African American European
    Mandarin Roman Greek
    """
)
"""Names that stand alone as an option; a capital alone does not tell them from the start of one."""

UNCOUNTED = listed(
    """
    water snow sand grass rice bread food fruit furniture clothing luggage wood metal plastic
    glass paper cotton rubber leather silk wool steel iron gold silver copper stone concrete
    ceramic nylon polyester denim marble brick clay wax paint ice milk coffee tea juice beer
    wine cheese butter sugar salt meat beef pork chicken traffic weather rain fog wind sunshine
    daylight tennis football soccer basketball baseball volleyball golf skiing surfing diving
    anger happiness sadness love fear joy disgust surprise predation competition mutualism
    parasitism information advice music art text writing luck white black red blue green yellow
    orange purple pink brown grey gray
    """
)
"""Nouns and colours that take no a or an."""

BASE_VERBS = listed(
    """
    turn keep go stop slow accelerate change move drive continue wait start brake merge yield
    park reverse maintain proceed overtake give stay remain decelerate pass enter exit cross
    pull speed make take fall break become jump run walk fly land hit catch throw drop open
    close
    """
)

NONE_WORDS = frozenset(
    (
        "none",
        "nothing",
        "nobody",
        "no one",
        "none of them",
        "none of these",
        "neither",
        "neither of them",
        "both",
        "both of them",
        "all of them",
    )
)

PREPOSITIONS = (
    "in front of",
    "on top of",
    "on the left of",
    "on the right of",
    "on the left side of",
    "on the right side of",
    "at the left side of",
    "at the right side of",
    "to the left of",
    "to the right of",
    "in the middle of",
    "at the edge of",
    "at the back of",
    "left of",
    "right of",
    "next to",
    "close to",
    "far from",
    "far away from",
    "away from",
    "ahead of",
    "out of",
    "inside of",
    "outside of",
    "parallel to",
    "perpendicular to",
    "opposite to",
    "adjacent to",
    "attached to",
    "connected to",
    "at the right of",
    "at the left of",
    "part of",
    "beneath",
    "underneath",
    "under",
    "above",
    "below",
    "behind",
    "beside",
    "besides",
    "between",
    "beyond",
    "inside",
    "outside",
    "within",
    "against",
    "alongside",
    "among",
    "around",
    "along",
    "across",
    "toward",
    "towards",
    "through",
    "near",
    "over",
    "off",
    "into",
    "onto",
    "upon",
    "on",
    "in",
    "at",
    "by",
    "to",
    "with",
    "without",
    "from",
    "of",
    "for",
    "down",
    "up",
)
"""Longer ones first: the first that fits is taken."""

ADVERBS = (
    "directly",
    "currently",
    "completely",
    "partially",
    "fully",
    "mostly",
    "slightly",
    "actually",
    "really",
    "still",
    "already",
    "also",
    "both",
    "closer",
    "farther",
    "further",
    "taller",
    "shorter",
    "bigger",
    "larger",
    "smaller",
    "higher",
    "lower",
    "wider",
    "parallel",
    "perpendicular",
    "facing",
    "touching",
    "visible",
    "present",
    "the same",
    "the only",
    "more",
    "less",
    "open",
    "closed",
    "empty",
    "full",
    "able",
    "made",
    "located",
    "placed",
    "positioned",
    "situated",
    "parked",
    "not",
)
"""Words with which what is said of a subject begins, whatever stood before."""

AUXILIARIES = (
    "is",
    "are",
    "was",
    "were",
    "do",
    "does",
    "did",
    "can",
    "could",
    "will",
    "would",
    "should",
    "has",
    "have",
    "had",
)

SIDES = {
    "left": "to the left of",
    "right": "to the right of",
    "the left": "to the left of",
    "the right": "to the right of",
    "left side": "on the left side of",
    "right side": "on the right side of",
    "the left side": "on the left side of",
    "the right side": "on the right side of",
    "on the left": "on the left of",
    "on the right": "on the right of",
    "to the left": "to the left of",
    "to the right": "to the right of",
    "at the left": "on the left of",
    "at the right": "on the right of",
    "on the left side": "on the left side of",
    "on the right side": "on the right side of",
    "on left": "on the left of",
    "on right": "on the right of",
    "in the front": "in front of",
    "in front": "in front of",
    "front": "in front of",
    "the front": "in front of",
    "at the front": "in front of",
    "back": "behind",
    "the back": "behind",
    "at the back": "behind",
    "in the back": "behind",
    "on top": "on top of",
    "top": "on top of",
    "up": "above",
    "down": "below",
    "upwards": "above",
    "downwards": "below",
    "upper": "above",
    "lower": "below",
    "over": "above",
    "beneath": "beneath",
    "underneath": "underneath",
    "under": "under",
    "above": "above",
    "below": "below",
    "behind": "behind",
    "inside": "inside",
    "outside": "outside",
    "beside": "beside",
    "near": "near",
    "nearby": "near",
    "next": "next to",
    "adjacent": "next to",
    "bottom": "below",
    "middle": "in the middle of",
    "in the middle": "in the middle of",
    "center": "in the centre of",
    "on": "on",
    "in": "in",
    "front left": "to the front left of",
    "front right": "to the front right of",
    "back left": "to the back left of",
    "back right": "to the back right of",
    "left front": "to the left front of",
    "right front": "to the right front of",
    "left rear": "to the left rear of",
    "right rear": "to the right rear of",
    "upper left": "to the upper left of",
    "upper right": "to the upper right of",
    "lower left": "to the lower left of",
    "lower right": "to the lower right of",
    "top left": "to the upper left of",
    "top right": "to the upper right of",
    "bottom left": "to the lower left of",
    "bottom right": "to the lower right of",
    "north": "to the north of",
    "south": "to the south of",
    "east": "to the east of",
    "west": "to the west of",
    "northeast": "to the northeast of",
    "northwest": "to the northwest of",
    "southeast": "to the southeast of",
    "southwest": "to the southwest of",
}
"""A place said without what it is a place of → the preposition that takes it."""

PICTURE_PLACES = {
    "left": "on the left of the picture",
    "right": "on the right of the picture",
    "top": "at the top of the picture",
    "bottom": "at the bottom of the picture",
    "up": "at the top of the picture",
    "down": "at the bottom of the picture",
    "center": "in the centre of the picture",
    "centre": "in the centre of the picture",
    "middle": "in the middle of the picture",
    "upwards": "in the upper part of the picture",
    "downwards": "in the lower part of the picture",
    "foreground": "in the foreground of the picture",
    "background": "in the background of the picture",
    "front": "at the front of the picture",
    "back": "at the back of the picture",
}
"""A place in the picture, where nothing else is named."""
