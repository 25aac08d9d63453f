"""The words by which a thought concludes, doubts, denies and corrects itself.

Every pattern is applied to one sentence of bounded length and has bounded gaps only.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE
_BE = r"(?:is|are|was|be|becomes|remains|seems|appears|looks)"

_FITTING = (
    r"(?:correct|accurate|appropriate|likely|suitable|plausible|fitting|reasonable|probable|"
    r"logical)"
)
_SURELY = (
    r"indeed|clearly|also|therefore|thus|likely|probably|definitely|actually|certainly|really|most|"
    r"obviously|then|still|now|hence|to be|exactly|in fact"
)

BOXED = re.compile(r"⟦([^⟧]{0,300})⟧")
"""A boxed result, as `words.plain` writes it."""

ANSWER = re.compile(
    r"\b(?:answers?|right\s+(?:answer|option|choice)|(?:correct|best|appropriate|suitable|"
    r"accurate|likely|matching|final|"
    r"plausible|logical|reasonable|valid|closest|fitting)\s+(?:options?|choice|one|conclusion|"
    r"description|statement|match|fit|category|interpretation|value|caption|title|result))\b"
    rf"[^.?!;]{{0,60}}?(?:\b{_BE}\b|[:：=])(?:\s*(?:therefore|thus|indeed|clearly|likely|just|"
    r"simply|probably|most likely|option|choice)\b)*"
    rf"|\b(?:the|my)\s+(?:most\s+(?:\w+\s+)?{_FITTING}|best|closest|correct)\s+\w+"
    rf"[^.?!;,]{{0,60}}?\b(?:{_BE}|(?:would|must|could|should) be)\b(?:\s+(?:likely|probably|"
    rf"indeed|"
    r"option|choice)\b)*"
    r"|\b(?:i|we|i'd|i'll|should|would|will|must|let's|to|and|so)\s+(?:have to\s+|now\s+|will\s+|"
    r"should\s+|would\s+|can\s+|'ll\s+)?(?:choose|select|pick|go with|opt for|settle on|answer|"
    r"settle for)\b|\b(?:i'm|am|i am) going with\b|\bgo(?:ing)? with\b"
    r"|\banswer\b\s*[:：]?|答案[^，。]{0,8}?[是为：:]|答案|(?:应|故|应该|因此|所以|我|就)[^，。]{0,2}选择?|正确[的]?选项[是为]?",
    _I,
)
"""What follows is the answer; the end of the match is where the answer begins."""

RIGHT = re.compile(
    rf"\b(?:{_BE}|be)\b(?:\s+(?:{_SURELY}))*\s+(?:(?:the\s+|a\s+)?(?:(?:most\s+(?:\w+\s+)?)?"
    rf"(?:{_FITTING}|right|best|true)(?=\s*(?:$|[^\w\s]|(?:because|since|as|and|for|here|in|given|"
    r"based|among|of the|answer|option|choice|one|description|match|fit|response|caption|statement|"
    r"category|term|title)\b)))"
    r"|(?:the|my)\s+(?:best\s+|final\s+|correct\s+)?(?:answer|guess|pick|choice|one that fits|"
    r"only option(?: left)?|only one(?: left)?|odd one out)\b)"
    r"|\bholds\b(?=\s*(?:true|here|up)?\s*(?:$|[.,;!]))|^\W{0,3}\(correct\)",
    _I,
)
"""What precedes is the answer."""

MATCHES = re.compile(
    r"\b(?:fits?|match(?:es)?|corresponds?|aligns?|consistent with|points? to|that is|that's|"
    r"which is|it's|this is|so|leaves|leaving|left with|describes|agrees with)\b"
    r"|(?:符合|正确|匹配)",
    _I,
)
"""Beside an option this says that it fits."""

CONCLUDING = re.compile(
    r"\b(?:therefore|thus|hence|so|consequently|conclude[sd]?|in conclusion|the conclusion|overall|"
    r"in summary|"
    r"finally|must be|confirm(?:s|ed)?|which means|this means|that means|meaning|leaves|leaving|"
    r"i think|i believe|i'd say|i would say|i am confident|accordingly|as a result|suggests that|"
    r"indicates that|given this|given that|shows that|making it)\b"
    r"|因此|所以|综上|可见|应该|说明|故",
    _I,
)
HEDGED = re.compile(
    r"\b(?:might|may|maybe|perhaps|could|possibly|at first|first thought|initially|"
    r"can be(?!\s+(?:\w+ly\s+)?(?:excluded|ruled|eliminated|discarded|seen|observed|concluded|"
    r"inferred|"
    r"identified|described|found|determined|confirmed|counted))|"
    r"first glance|not sure|uncertain|alternatively|would have|would be a)\b|可能|也许",
    _I,
)
GENERAL = re.compile(r"\b(?:usually|often|generally|normally|sometimes)\b", _I)
"""Said of such things in general; of an option's letter it takes nothing away."""
_BY_THE_WAY = re.compile(
    r"\b(?:that|which|who|what)\s+(?:could|might|may|can)\b(?=[^.;]{0,80}?\b(?:is|are|was|would be|"
    r"must be)\b)",
    _I,
)


def hedged(text: str, *, of_letter: bool = False) -> bool:
    """Say whether a clause is a guess; "the thing that could do it is X" is none."""
    if HEDGED.search(text) and HEDGED.search(_BY_THE_WAY.sub("that", text)):
        return True
    return not of_letter and GENERAL.search(text) is not None


IDLE = re.compile(
    r"\b(?:if|whether|suppose|supposing|assume|assuming|what about|let'?s (?:consider|check|see|"
    r"look|examine|analyze|evaluate|go through)|let me (?:check|see|consider|look|go|verify)|"
    r"the question (?:asks|is|wants|says|here)|asks?|asked|asking|options? (?:are|include|listed)|"
    r"the (?:given |provided )?(?:options|choices) (?:are|include|given|provided|say|list|mention|"
    r"describe|suggest)|choices (?:are|include)|either\b(?=[^.;]{1,80}\bor\b)|"
    r"possible answers|need to (?:determine|find|identify|decide|check|figure)|trying to|"
    r"(?:other|remaining) (?:options|choices|answers|captions|descriptions)|consider)\b|如果|是否|"
    r"选项(?:有|包括)|问的是|题目",
    _I,
)
"""Weighing or restating, not asserting."""

STRONG_TURN = re.compile(
    r"^\W{0,4}(?:(?:oh|and|but|hmm|ah|okay|ok|so)\W{1,4})?(?:wait|no(?=\s*(?:[^\w\s]|wait\b|$))|"
    r"hmm|actually|hold on|"
    r"on second thought|correction|scratch that|sorry|my mistake|oops)\b|\b(?:on second thought|"
    r"i was wrong|(?:let me|i(?:'ll| will)|let's) (?:recount|re-count|count again|look again)|"
    r"recounting|counting again|i made a mistake|let me correct|correcting myself)\b"
    r"|等等|不对|其实",
    _I,
)
SOFT_TURN = re.compile(
    r"^\W{0,4}(?:but|however|yet|although|though|nevertheless|looking (?:closely|closer|again|"
    r"more closely)|on closer|upon closer|alternatively|let me re)\b|\bbut (?:i think|"
    r"actually)\b|但是?|然而",
    _I,
)
ASIDE = re.compile(
    r"\b(?:than|compared (?:to|with)|relative to|similar to|(?<!looks )(?<!look )(?<!seems )like|"
    r"as opposed to|from|versus|vs|"
    r"(?:north|south|east|west) of|behind|in front of|as \w+ as)\W+(?:\w+\W+){0,3}$",
    _I,
)
"""Before a mention: it is what something else is measured against."""

SAYS_TRUE = re.compile(
    r"\b(statement|claim|caption|sentence|description|assertion|assumption|proposition|this|that|"
    r"it)"
    rf"\b[^.;]{{0,100}}?\b(?:{_BE}|would be|should be|must be)\s+(?:\w+\s+){{0,2}}?"
    r"(not\s+|in)?(true|false|correct|accurate|inaccurate|incorrect|wrong|valid|invalid)\b"
    r"|\b(statement|claim|caption|sentence|description|assertion|proposition)\b[^.;]{0,100}?"
    r"\b(does not|doesn't|fails to|do not)?\s*(?:holds?|match(?:es)?|apply|applies)\b",
    _I,
)
COPULA_BEFORE = re.compile(
    r"(?:\b(?:is|are|was|were|be|being|as|looks?|appears?|seems?|called|named|shows?|depicts?|say|"
    r"wearing|"
    r"wears|contains?|to|says?|reads?|of|a|an|in|the|likely|clearly|really|quite|definitely|it's|"
    r"that's|there's|gives?|means|makes?|equals?|suggests?|indicates?|about|approximately|around|"
    r"roughly|only|just|exactly|total|got|get|have|has|see|count|counted|indeed|actually)\b|=|≈|"
    r"是|为)"
    r"[\s\"'“‘(]{0,4}$",
    _I,
)
VALUE_BEFORE = re.compile(
    r"(?:\b(?:is|are|was|were|be|equals?|gives?|makes?|about|approximately|around|roughly|only|"
    r"just|"
    r"exactly|total(?: of)?|got|get|have|count|counted|see|to|yields|becomes|it's|that's|there's|"
    r"say|"
    r"another|finally)\b|=|≈|是|有|共)[\s\"'“‘(:]{0,4}$",
    _I,
)
PRONOUN = re.compile(r"\b(?:it|this|that|they|these|he|she|there|its|their|his|her)\b", _I)
PICTURE = re.compile(r"\b(?:image|picture|photo|frame|scene|screen|photograph)\b", _I)
