"""All rows of a batch as a sequence, without all of them in memory where they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import overload

from batch.model import OrderRecord


class Listing(Sequence[OrderRecord]):
    """Rows that are read anew, in portions, each time somebody goes through them.

    Args:
        count: how many there are.
        read: gives them, from the first to the last.
    """

    def __init__(self, count: int, read: Callable[[], Iterator[OrderRecord]]) -> None:
        self._count = count
        self._read = read

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[OrderRecord]:
        return self._read()

    @overload
    def __getitem__(self, at: int) -> OrderRecord: ...

    @overload
    def __getitem__(self, at: slice) -> list[OrderRecord]: ...

    def __getitem__(self, at: int | slice) -> OrderRecord | list[OrderRecord]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(self._count))]
        place = at + self._count if at < 0 else at
        if not 0 <= place < self._count:
            raise IndexError(at)
        return next(islice(self._read(), place, None))
