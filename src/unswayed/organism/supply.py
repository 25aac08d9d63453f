"""Makes the batches of a training ahead of it, in other processes.

Drawing and tokenizing take as long as the training step on a processor, and many times as long as
it on a GPU. A block follows from its own seed, so where it is made changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Any

from unswayed.organism.architecture import build_tokenizer
from unswayed.organism.batches import Batch, RowBlock, batches

_AHEAD = 2
"""Blocks more than there are processes that are asked for before they are needed."""


class Supply:
    """The source of a training's batches; a context that ends its processes.

    Args:
        tokenizer: the organism's.
        workers: processes that make batches; 0 makes them in this one, when they are needed.
    """

    def __init__(self, tokenizer: Any, workers: int = 0) -> None:
        """Start no process yet: the first block does."""
        self._tokenizer = tokenizer
        self._ahead = workers + _AHEAD
        self._pool = None
        if workers:
            # A forked process would share the threads and the GPU of this one.
            self._pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))

    def __enter__(self) -> Supply:
        """Return the supply."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the processes; blocks that nobody needs any more are dropped."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def stream(self, blocks: Iterator[RowBlock], ahead: bool = True) -> Iterator[Batch]:
        """Yield the batches of blocks, block after block.

        Args:
            blocks: without end.
            ahead: whether blocks may be drawn from the iterator before they are needed.
        """
        if self._pool is None:
            for block in blocks:
                yield from batches(self._tokenizer, block)
            return
        waiting: deque[Future[list[Batch]]] = deque()
        try:
            for block in blocks:
                waiting.append(self._pool.submit(_made, block))
                if not ahead or len(waiting) == self._ahead:
                    yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


_tokenizers: list[Any] = []


def _made(block: RowBlock) -> list[Batch]:
    """Make a block in a process of the pool, which keeps its tokenizer."""
    if not _tokenizers:
        _tokenizers.append(build_tokenizer())
    return batches(_tokenizers[0], block)
