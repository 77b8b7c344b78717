"""Going through every path of a tree of choices, one path a run."""

from __future__ import annotations

from collections.abc import Iterator


class Choices:
    """The choices of one run, made as the path says, and by the first way beyond its end.

    Attributes:
        said: what was chosen, in words, for whoever has to repeat it.
    """

    def __init__(self, path: tuple[int, ...] = ()) -> None:
        self._path = path
        self._taken: list[int] = []
        self._widths: list[int] = []
        self.said: list[str] = []

    def choose(self, what: str, ways: tuple[str, ...]) -> str:
        """Choose one of the ways in which something can go."""
        at = len(self._taken)
        way = self._path[at] if at < len(self._path) else 0
        self._taken.append(way)
        self._widths.append(len(ways))
        self.said.append(f"{what}: {ways[way]}")
        return ways[way]

    def is_beyond_path(self) -> bool:
        """Say whether all choices that the path names were made."""
        return len(self._taken) >= len(self._path)

    def next_path(self) -> tuple[int, ...] | None:
        """Give the path of the next run; None when this one was the last."""
        for at in reversed(range(len(self._taken))):
            if self._taken[at] + 1 < self._widths[at]:
                return (*self._taken[:at], self._taken[at] + 1)
        return None


def every_path() -> Iterator[Choices]:
    """Give the choices of one run after the other, until every path was taken.

    The runs must ask for the same choices whenever the same ones were made before.
    """
    path: tuple[int, ...] | None = ()
    while path is not None:
        choices = Choices(path)
        yield choices
        path = choices.next_path()
