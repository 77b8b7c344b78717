"""An operator, a journal and a venue, in a time of their own, where everything can go wrong."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from unittest import mock

from batch.config import VenueSettings
from batch.errors import GateError
from batch.journal import Journal
from batch.model import OrderRecord
from batch.plan.draft import PlanOptions
from batch.plan.duplicates import Duplicates
from batch.plan.since import refuse_sent_since
from batch.run.options import RunOptions, Snapshot
from batch.run.past import DONE, find_disputed
from batch.run.resolving import declare_not_placed, declare_placed
from batch.run.run import Run
from batch.states import OrderState
from batch.venue import Venue
from tests.campaign.books import Books, Held, Market
from tests.campaign.invariants import Broken, Failed, Reported, contradicted, lost, require
from tests.campaign.mortal import Died, DiskFull, Life, MortalJournal, Trouble, Wires
from tests.campaign.office import MEMORY
from tests.plan.planning import plan
from tests.run.doubles import LOGIN, FakeClock, make_order, make_validation

FIRST_SIZE = 100_000

ENDLESS = 5_000
"""Rounds that no run takes; each is at least a millisecond, and most are seconds."""


@dataclass
class World:
    """One history from its first sheet to its end.

    Attributes:
        sheet: size and own client ID by row, as the operator's file stands now.
        batches: what each batch was made of.
        story: what happened, in words.
    """

    market: Market
    sheet: dict[int, tuple[int, str | None]]
    figures: Counter[str]
    clock: FakeClock = field(default_factory=FakeClock)
    batches: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix="history-", dir=MEMORY if MEMORY.is_dir() else None)
        )
        shutil.copytree(_empty_journal(), self.folder, dirs_exist_ok=True)
        self.books = Books(self.clock, self.market)
        self._next_size = FIRST_SIZE + 10 * len(self.sheet)

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    # What an operator does

    def submit(self, duplicates: Duplicates, trouble: Trouble) -> None:
        """Submit the sheet as it stands."""
        self.story.append(f"submit {self.sheet} {duplicates} {trouble}")
        validation = make_validation(
            *(
                make_order(row, size=Decimal(size), client_order_id=own)
                for row, (size, own) in self.sheet.items()
            )
        )

        def work(journal: Journal, life: Life) -> None:
            planned = plan(
                journal, validation, LOGIN, PlanOptions(duplicates=duplicates), self.clock.now()
            )
            batch_id = planned.batch.batch_id
            if planned.is_new:
                self.batches[batch_id] = {
                    row: Decimal(size) for row, (size, _) in self.sheet.items()
                }
            self._run(journal, batch_id, trouble, life)

        self._live(work, trouble)

    def resume(self, batch_id: str, trouble: Trouble) -> None:
        """Go on with a batch."""
        self.story.append(f"resume {batch_id} {trouble}")
        self._live(lambda journal, life: self._run(journal, batch_id, trouble, life), trouble)

    def resolve(self, batch_id: str, trouble: Trouble) -> None:
        """Let a person look up the first UNKNOWN order at the venue, and record what is true."""
        self.story.append(f"resolve {batch_id} {trouble}")

        def work(journal: Journal, _: Life) -> None:
            unknown = next(journal.orders(batch_id, [OrderState.UNKNOWN]), None)
            if unknown is None:
                return
            namesakes = [
                held for held in self.books.held if held.client_order_id == unknown.client_order_id
            ]
            if any(h.is_foreign or h.taken_at > self.clock.monotonic() for h in namesakes):
                return  # nobody can tell yet
            venue = self._venue() if trouble.seed % 2 else None
            self.figures["findings of a person"] += 1
            with journal.hold(batch_id, self.clock.now()):
                if namesakes:
                    found = namesakes[0].server_order_id
                    declare_placed(journal, batch_id, unknown.row, found, venue, self.clock)
                else:
                    declare_not_placed(journal, batch_id, unknown.row, venue, self.clock)

        self._live(work, trouble)

    def edit(self, row: int) -> None:
        """Change one cell of the sheet."""
        self._next_size += 1
        _, own = self.sheet[row]
        self.sheet[row] = (self._next_size, own and f"{own}.{self._next_size}")

    def finish(self) -> None:
        """Let all that is late arrive, then go on with every batch until nothing is left to do."""
        self.clock.sleep(60.0)
        # Twice, because what one batch comes to can be the control that another one needs.
        for batch_id in [*self.batches, *self.batches]:
            for _ in range(3):
                self.resume(batch_id, Trouble())
                if not self._left(batch_id):
                    break
        self.check(at_end=True)

    # What must be true

    def check(self, *, at_end: bool = False) -> None:
        """Hold what the journal would report against the venue's books."""
        with MortalJournal.open_mortal(self.folder / "journal.db") as journal:
            records = {name: list(journal.orders(name)) for name in self.batches}
            # A no that may have meant "I have it already": not found is no proof then.
            disputed = {name: find_disputed(journal.events(name)) for name in self.batches}
        wrong = self._doubled()
        lines: list[Reported] = []
        for name, orders in records.items():
            wrong += lost([_as_reported(order) for order in orders], self.batches[name])
            lines += [_as_reported(o) for o in orders if o.state is not OrderState.SKIPPED]
        taken = [self.books.as_taken(held) for held in self.books.taken()]
        wrong += contradicted(lines, taken, at_end=at_end)
        if at_end:
            wrong += self._unfinished(records, disputed)
            self._count(records)
        require(wrong, "\n".join([str(self.market), *self.story, *map(str, self.books.held)]))

    def _doubled(self) -> list[str]:
        """Name what the venue took twice: an ID at all, or content while it was an exposure."""
        taken = self.books.taken()
        ids = Counter(held.client_order_id for held in taken)
        wrong = [f"client order ID {name} was taken {n} times" for name, n in ids.items() if n > 1]
        earlier: dict[Decimal, Held] = {}
        for held in sorted(taken, key=lambda held: held.taken_at):
            # Another batch may send again what ended without a fill.
            if (before := earlier.get(held.size)) and before.end[1]:
                wrong.append(f"the row of size {held.size} was taken twice")
            earlier[held.size] = held
        return wrong

    def _unfinished(
        self, records: dict[str, list[OrderRecord]], disputed: Mapping[str, Collection[int]]
    ) -> list[str]:
        # Without an order that is done, nothing shows that the query finds such orders.
        has_control = any(order.state in DONE for orders in records.values() for order in orders)
        strangers = {held.client_order_id for held in self.books.held if held.is_foreign}
        wrong = []
        for name, orders in records.items():
            disturbed = any(order.client_order_id in strangers for order in orders)
            for order in orders:
                if order.state is OrderState.SENDING or (
                    order.state is OrderState.PLANNED and not disturbed and not self._gated(name)
                ):
                    wrong.append(f"left in {order.state} at the end: {order}")
                elif (
                    order.state is OrderState.UNKNOWN
                    and self.market.covers_done
                    and has_control
                    and order.row not in disputed[name]
                    and order.client_order_id not in strangers
                ):
                    wrong.append(f"left UNKNOWN: {order}")
        return wrong

    def _count(self, records: dict[str, list[OrderRecord]]) -> None:
        self.figures["histories"] += 1
        self.figures["orders at the venue"] += len(self.books.taken())
        for orders in records.values():
            self.figures["rows"] += len(orders)
            self.figures["UNKNOWN left"] += sum(o.state is OrderState.UNKNOWN for o in orders)
        for word, times in self.books.struck.items():
            self.figures[f"fault {word}"] += times

    # How a process lives

    def _live(self, work: Callable[[Journal, Life], None], trouble: Trouble) -> None:
        self.books.words = list(trouble.words)
        self.books.silent = trouble.silent
        self.figures["processes"] += 1
        journal = MortalJournal.open_mortal(self.folder / "journal.db", trouble)
        try:
            work(journal, journal.life)
        except GateError:
            self.figures["refused as duplicates"] += 1
        except DiskFull:
            self.figures["disks full"] += 1
        except Died:
            self.figures["deaths"] += 1
        except Broken:
            raise
        except Exception as error:
            raise Failed(f"{error!r}\n{self.story}") from error
        finally:
            journal.close()
        self.books.words, self.books.silent = [], 0
        self.check()

    def _run(self, journal: Journal, batch_id: str, trouble: Trouble, life: Life) -> None:
        refuse_sent_since(journal, journal.batch(batch_id), self.clock)
        wires = Wires(self.clock, life, random.Random(trouble.seed), self.books)
        rounds = 0

        def watch(_: Snapshot) -> None:
            nonlocal rounds
            life.pass_by("in-round")
            if rounds == trouble.stopped_at:
                for __ in range(trouble.stops):
                    run.stop()
            rounds += 1
            if rounds > ENDLESS:
                require([f"batch {batch_id}: the run does not end"], self.story)

        run = Run(
            journal,
            batch_id,
            self._venue(),
            wires,
            self.clock,
            RunOptions(max_in_flight=4, wait_s=120.0, covers_done_orders=self.market.covers_done),
            watch,
        )
        try:
            with journal.hold(batch_id, self.clock.now()):
                run.execute()
        finally:
            wires.close()

    def _venue(self) -> Venue:
        with mock.patch("batch.venue.integral.client.Transport", lambda *_, **__: self.books):
            settings = VenueSettings(url="https://venue.test", user="user", org="ORG")
            return Venue(settings, clock=self.clock)

    def _left(self, batch_id: str) -> bool:
        with MortalJournal.open_mortal(self.folder / "journal.db") as journal:
            states = journal.batch(batch_id).states
        return any(
            states.get(state) for state in (OrderState.PLANNED, OrderState.SENDING, OrderState.OPEN)
        ) or bool(self.market.covers_done and states.get(OrderState.UNKNOWN))

    def _gated(self, batch_id: str) -> bool:
        with MortalJournal.open_mortal(self.folder / "journal.db") as journal:
            try:
                refuse_sent_since(journal, journal.batch(batch_id), self.clock)
            except GateError:
                return True
        return False


def _as_reported(order: OrderRecord) -> Reported:
    assert order.order is not None
    return Reported(
        row=order.row,
        client_order_id=order.client_order_id or "",
        size=order.order.size,
        final_state=order.final_state.value,
        server_order_id=order.server_order_id,
        filled_size=order.filled_size,
    )


@cache
def _empty_journal() -> Path:
    # Making the tables takes longer than a short history.
    folder = tempfile.mkdtemp(prefix="history-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "journal.db"
    Journal.open(str(path)).close()
    return Path(folder)
