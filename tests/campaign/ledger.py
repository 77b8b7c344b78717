"""What may stand in the venue's books, by what persons asked for, said and found.

Nothing here asks the journal: what was asked is written down as it is asked, and what was sent is
counted at the venue.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.campaign.books import Books, Content, Held, Place
from tests.campaign.sheets import count_of

DAY_S = 24 * 3600.0
SLACK_S = 120.0
"""So much later than its claim an order may come into being, or a run ask about its age."""

STOP_S = 3.0
"""After so long nothing leaves any more that was stopped: two seconds, and one in the network."""

Name = tuple[str, str]
"""A journal's folder and a client order ID."""


@dataclass
class Asked:
    """What a person asked for with one batch.

    Attributes:
        rows: what each row's order is.
        cells: what makes it this content, whatever the settings say.
        user: whose login it was sent under.
        run_key: empty where none was named.
        known: how many orders had been sent before it that it repeats on purpose.
        touched_at: when it was planned, or somebody last had to do with it.
    """

    rows: Mapping[int, Content]
    cells: Hashable
    user: str
    run_key: str
    known: int
    touched_at: float

    def sizes(self) -> dict[int, Decimal]:
        """Give the size of each row."""
        return {row: content[0] for row, content in self.rows.items()}


@dataclass
class Stop:
    """A stop, of one batch or of all in its folder."""

    folder: str
    batch_id: str | None
    begins: float
    ends: float = float("inf")

    def forbids(self, held: Held) -> bool:
        """Say whether an order left that must not have."""
        folder, batch_id = held.sender
        is_meant = folder == self.folder and self.batch_id in (None, batch_id)
        return is_meant and self.begins + STOP_S < held.sent_at < self.ends


@dataclass
class Ledger:
    """Everything that persons asked for, said and found in a history.

    Attributes:
        batches: what was asked for with each batch.
        misled: orders of which a person said that the venue never took them, though it had.
        doubtful: orders of which a person said, unchecked, that they are what they are not.
        given_back: orders that were handed back for correction, and when.
        handed: the rows of these that lie in a sheet of corrections.
        wished: orders that somebody wanted cancelled.
        wished_all: batches whose open orders somebody wanted cancelled by a stop.
    """

    batches: dict[Place, Asked] = field(default_factory=dict)
    misled: dict[Name, Content] = field(default_factory=dict)
    doubtful: set[Name] = field(default_factory=set)
    given_back: dict[tuple[Place, str], float] = field(default_factory=dict)
    handed: set[tuple[Place, int]] = field(default_factory=set)
    wished: set[Name] = field(default_factory=set)
    wished_all: set[Place] = field(default_factory=set)
    stops: list[Stop] = field(default_factory=list)

    def same(
        self, folder: str, cells: Hashable, user: str, run_key: str
    ) -> list[tuple[Place, Asked]]:
        """Give the batches of one content under one login and run key, oldest first."""
        return [
            (place, asked)
            for place, asked in self.batches.items()
            if (place[0], asked.cells, asked.user, asked.run_key) == (folder, cells, user, run_key)
        ]

    def broken(self, books: Books) -> list[str]:
        """Name what stands in the books and must not."""
        taken = books.taken()
        return [
            *self._doubled_ids(taken, finds=books.market.finds),
            *self._doubled(books),
            *self._against_word(books, taken),
        ]

    def _doubled_ids(self, taken: Iterable[Held], *, finds: str) -> list[str]:
        names = Counter((held.sender[0], held.client_order_id) for held in taken)
        # Where the venue finds it, even a person's wrong word sends nothing twice.
        return [
            f"client order ID {name} was taken {count} times"
            for name, count in names.items()
            if count > 1 + (name in self.misled and finds != "all")
        ]

    def _doubled(self, books: Books) -> list[str]:
        """Hold the k-th order of some content against the k-th row, over all batches."""
        equal: defaultdict[tuple[str, Content], list[tuple[int, Held]]] = defaultdict(list)
        for number, held in enumerate(books.held):
            if not held.is_foreign:
                equal[held.sender[0], held.content].append((number, held))
        wrong = []
        for (folder, content), orders in equal.items():
            wrongly = sum(
                name[0] == folder and found == content for name, found in self.misled.items()
            )
            for place, (_, held) in enumerate(orders):
                mine = self.batches[held.sender]
                most = count_of(mine.rows)[content]
                before = sum(self._counts(n, one, held) for n, one in orders[:place])
                if before + 1 > most + wrongly:
                    wrong.append(
                        f"content {content} was taken as {held} beside {before} others that count, "
                        f"and asked for {most} times"
                    )
        return wrong

    def _counts(self, number: int, earlier: Held, later: Held) -> bool:
        """Say whether an order stands for one of the rows by which a later one was sent."""
        mine, theirs = self.batches[later.sender], self.batches[earlier.sender]
        works = later.sent_at < earlier.ends_at
        if earlier.sender == later.sender:
            return works or bool(earlier.end[1])
        if number < mine.known:
            return False
        if works:
            return True
        if not earlier.end[1]:
            return False
        if mine.run_key:
            return mine.run_key == theirs.run_key
        return later.sent_at - earlier.sent_at < DAY_S - SLACK_S

    def _against_word(self, books: Books, taken: Iterable[Held]) -> list[str]:
        """Name what left though a person had stopped it, or has the row in their own hands."""
        wrong = []
        now = books.clock.monotonic()
        for held in books.held:
            name = (held.sender[0], held.client_order_id)
            if held.is_foreign or name in self.misled:
                continue
            if any(stop.forbids(held) for stop in self.stops):
                wrong.append(f"{held} left after a stop")
            given_at = self.given_back.get((held.sender, held.client_order_id))
            if given_at is not None and (
                held.sent_at > given_at or held.ends_at > now or held.end[1]
            ):
                wrong.append(f"the venue holds {held}, which was handed back at {given_at}")
        for held in taken:
            name = (held.sender[0], held.client_order_id)
            is_wished = name in self.wished or held.sender in self.wished_all
            # One that a person took for another row's goes with the wish for that row.
            is_wished = is_wished or name in self.doubtful
            if held.cancelled_at is not None and not is_wished:
                wrong.append(f"{held} was cancelled, and nobody asked for that")
        return wrong
