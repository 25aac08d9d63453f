"""The words by which a thought concludes, doubts, denies and corrects itself.

Every pattern is applied to one sentence of bounded length and has bounded gaps only.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE
_BE = r"(?:is|are|was|be|becomes|remains|seems|appears|looks)"

BOXED = re.compile(r"⟦([^⟧]{0,300})⟧")
"""A boxed result, as `words.plain` writes it."""

ANSWER = re.compile(
    r"\b(?:answers?|right\s+(?:answer|option|choice)|(?:correct|best|appropriate|suitable|"
    r"accurate|likely|matching|final|"
    r"plausible|logical|reasonable|valid|closest|fitting)\s+(?:options?|choice|one|conclusion|"
    r"description|statement|match|fit|category|interpretation|value|caption|title|result))\b"
    rf"[^.?!;]{{0,60}}?(?:\b{_BE}\b|[:：=])(?:\s*(?:therefore|thus|indeed|clearly|likely|just|"
    r"simply|probably|most likely|option|choice)\b)*"
    r"|\b(?:i|we|i'd|i'll|should|would|will|must|let's|to|and|so)\s+(?:have to\s+|now\s+|will\s+|"
    r"should\s+|would\s+|can\s+|'ll\s+)?(?:choose|select|pick|go with|opt for|settle on|answer|"
    r"settle for)\b|\b(?:i'm|am|i am) going with\b|\bgo(?:ing)? with\b"
    r"|\banswer\b\s*[:：]?|答案[^，。]{0,8}?[是为：:]|答案|(?:应|故|应该|因此|所以|我|就)[^，。]{0,2}选择?|正确[的]?选项[是为]?",
    _I,
)
"""What follows is the answer; the end of the match is where the answer begins."""

RIGHT = re.compile(
    rf"\b{_BE}\b(?:\s+\w+){{0,4}}?\s+(?:the\s+)?(?:(?:most\s+)?(?:correct|right|best|accurate|"
    rf"appropriate|"
    r"likely|suitable|plausible|fitting)(?:\s+(?:answer|option|choice|one|description|match|"
    r"fit))?|answer|"
    r"(?:my\s+)?(?:best\s+)?(?:guess|pick|choice)|one that fits|only option left|only one left|"
    r"only option)\b(?!\s+(?:side|of|hand|angle|triangle|to))|\bholds\b",
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
    r"\b(?:therefore|thus|hence|so|consequently|conclude[sd]?|conclusion|overall|in summary|"
    r"finally|must be|confirm(?:s|ed)?|which means|this means|that means|meaning|leaves|leaving|"
    r"i think|i believe|i'd say|i would say|i am confident|accordingly|as a result|suggests that|"
    r"indicates that|given this|given that|shows that|making it)\b"
    r"|因此|所以|综上|可见|应该|说明|故",
    _I,
)
HEDGED = re.compile(
    r"\b(?:might|may|maybe|perhaps|could|possibly|at first|first thought|initially|can be|"
    r"first glance|not sure|uncertain|alternatively|usually|often|generally|normally|would have|"
    r"would be a|sometimes)\b|可能|也许",
    _I,
)
IDLE = re.compile(
    r"\b(?:if|whether|suppose|supposing|assume|assuming|what about|let'?s (?:consider|check|see|"
    r"look|examine|analyze|evaluate|go through)|let me (?:check|see|consider|look|go|verify)|"
    r"the question|asks?|asked|asking|"
    r"options? (?:are|include|given|provided|listed)|the options|choices (?:are|include)|either|"
    r"possible answers|need to (?:determine|find|identify|decide|check|figure)|trying to|"
    r"consider)\b|如果|是否|选项(?:有|包括)|问的是|题目",
    _I,
)
"""Weighing or restating, not asserting."""

STRONG_TURN = re.compile(
    r"^\W{0,4}(?:(?:oh|and|but|hmm|ah|okay|ok|so)\W{1,4})?(?:wait|no(?=\W)|hmm|actually|hold on|"
    r"on second thought|correction|scratch that|sorry|my mistake|oops)\b|\b(?:on second thought|"
    r"i was wrong|i made a mistake|let me correct|correcting myself)\b|等等|不对|其实",
    _I,
)
SOFT_TURN = re.compile(
    r"^\W{0,4}(?:but|however|yet|although|though|nevertheless|looking (?:closely|closer|again|"
    r"more closely)|on closer|upon closer|alternatively|let me re)\b|\bbut (?:i think|"
    r"actually)\b|但是?|然而",
    _I,
)
DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|no|neither|nor|without|cannot|rather than|instead of|unlike|other than|"
    r"except|isn't|aren't|wasn't|doesn't|don't|didn't|can't|won't|couldn't|wouldn't|ruled? out|"
    r"rules out|ruling out|"
    r"eliminat(?:e[sd]?|ing)|exclud\w{1,4}|discard\w{0,3}|reject\w{0,3}|unlikely|incorrect|wrong|hardly|"
    r"opposed to|contradicts?)\b(?!\s+(?:only|doubt|question|indication|need))|n't\b"
    r"|不是|没有|并非|不|非|排除)[^,.;，。]{0,40}$",
    _I,
)
DENIED_AFTER = re.compile(
    r"^[^,.;，。]{0,45}?(?:\b(?:not|incorrect|wrong|false|ruled out|is out|are out|eliminated|"
    r"unlikely|doesn't|"
    r"don't|isn't|aren't|cannot|can't|couldn't|won't|impossible|excluded|too (?:small|big|large|"
    r"few|many|low|high)|no)\b"
    r"(?!\s+(?:only|doubt))|错误|不对|不符|不正确|排除|错)",
    _I,
)
ASIDE = re.compile(
    r"\b(?:than|compared (?:to|with)|relative to|similar to|like|as opposed to|from|versus|vs|"
    r"behind|in front of)\W+(?:\w+\W+){0,3}$",
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
    r"(?:\b(?:is|are|was|were|be|being|as|looks?|appears?|seems?|called|named|shows?|depicts?|"
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
