"""Which way of reading letters a served model goes: what is wanted, and what the server offers."""

from __future__ import annotations

from unswayed import answers
from unswayed.chat.endpoints import Capabilities
from unswayed.models.served.asked import AskedLetters, TokenIdLetters, TopTokenLetters
from unswayed.models.served.routes import NoRoute
from unswayed.models.served.sources import (
    Connection,
    InlineLetters,
    LetterSource,
    NoLetters,
    SampledLetters,
)


def wanted(capabilities: Capabilities, samples: int) -> LetterSource:
    """Return how letters are to be read, as far as the capabilities say.

    Args:
        capabilities: what the server takes and gives.
        samples: outputs that the user wants the distribution made from; 0 for none.
    """
    if samples:
        return SampledLetters(samples)
    if capabilities.letter_logprobs is None:
        return NoLetters()
    if not capabilities.prefill:
        return InlineLetters()
    exact = capabilities.letter_logprobs == "token-logprobs"
    return TokenIdLetters() if exact else TopTokenLetters()


def offered(source: LetterSource, connection: Connection) -> LetterSource:
    """Return how letters can be read, as the server shows it, which may be less than is wanted."""
    if not isinstance(source, AskedLetters):
        return source
    has_top = connection.turns.capabilities.top_logprobs > 0
    try:
        spelling = connection.spelling(answers.OPEN_ANSWER, ("A", "B"))
    except NoRoute:
        return InlineLetters() if has_top else NoLetters()
    if isinstance(source, TokenIdLetters) and spelling and source.given(connection, spelling):
        return source
    return TopTokenLetters() if has_top else NoLetters()
