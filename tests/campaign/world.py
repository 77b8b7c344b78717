"""An operator, journals and a venue, in a time of their own, where everything can go wrong."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from batch.clock import trading_day
from batch.config import VenueSettings, parse_cut_off, run_key
from batch.errors import GateError, HoldLost, JournalAway, JournalInDoubt, JournalLocked
from batch.journal import Journal
from batch.model import Login
from batch.plan.draft import PlanOptions
from batch.plan.duplicates import Duplicates
from batch.plan.since import refuse_sent_since, sent_elsewhere
from batch.run.options import RunOptions, Snapshot
from batch.run.run import Run
from batch.states import OrderState
from batch.venue import Venue
from tests.campaign import reckoning
from tests.campaign.books import LONG_LIFE_S, Books, Held, Market, Place
from tests.campaign.invariants import Broken, Failed, require
from tests.campaign.journals import FILES, HERE, Library
from tests.campaign.ledger import DAY_S, SLACK_S, Asked, Ledger, Stop
from tests.campaign.mortal import Died, DiskFull, Life, Trouble, Wires
from tests.campaign.office import MEMORY
from tests.campaign.sheets import OrderSheet
from tests.plan.planning import plan
from tests.run.doubles import FakeClock

ENDLESS = 5_000
"""Rounds that no run takes; each is at least a millisecond, and most are seconds."""

WAIT_S = 60.0
"""How long orders are followed: a token's life, and the questions that a proof takes after it."""

FREE_S = 16.0
"""After so long a batch is free whose process died, wherever its journal is."""

DAY_STARTS = "17:00 America/New_York"

BROKEN = (JournalAway, JournalInDoubt)
"""The session with a server broke, and what was to be recorded can have been or not."""

COMES_OF_HOSTS = (JournalLocked, HoldLost, *BROKEN)
"""How a process can end, beside those ways in which it can on a machine of its own."""

LEFT = (OrderState.PLANNED, OrderState.SENDING, OrderState.OPEN)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a sheet is submitted.

    Attributes:
        run: the run key, with `{date}` for the trading day; None where none is named.
        user: by whose login of the org.
        folder: whose journal is in use.
    """

    duplicates: Duplicates = Duplicates.REFUSE
    run: str | None = None
    user: str = "user"
    folder: str = HERE


@dataclass
class World:
    """One history from its first sheet to its end.

    Attributes:
        sheet: the operator's file, as it stands now.
        is_prefixed: the sheet's own client IDs get the batch's before them.
        unfinished_corrections: batches whose rows were to be handed back, and no sheet was found.
        story: what happened, in words.
    """

    market: Market
    sheet: OrderSheet
    figures: Counter[str]
    is_prefixed: bool = False
    library: Library = FILES
    clock: FakeClock = field(default_factory=FakeClock)
    ledger: Ledger = field(default_factory=Ledger)
    unfinished_corrections: list[Place] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix="history-", dir=MEMORY if MEMORY.is_dir() else None)
        )
        self.books = Books(self.clock, self.market)
        self.journals = self.library.begin(self.folder, self.clock)

    def close(self) -> None:
        """Leave nothing behind."""
        self.journals.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def places(self) -> list[Place]:
        """Every batch so far, oldest first."""
        return list(self.ledger.batches)

    # What an operator does

    def submit(self, how: Asking, trouble: Trouble) -> None:
        """Submit the sheet as it stands."""
        self.tell("submit", self.sheet, how, trouble)
        validation = self.sheet.validation()
        sent_before = len(self.books.held)

        def work(journal: Journal, life: Life) -> None:
            login = Login("https://venue.test", "ORG", how.user)
            options = PlanOptions(
                duplicates=how.duplicates,
                prefix_client_order_id=self.is_prefixed,
                once=how.run is not None,
            )
            is_stale = self._is_stale(how)
            try:
                planned = plan(
                    journal, validation, login, options, self.clock.now(), self._key(how)
                )
            except (Died, *BROKEN):
                self._note_unseen(how)
                raise
            place = (how.folder, planned.batch.batch_id)
            if planned.is_new:
                self._note(place, how)
                self.count(f"submitted {how.duplicates.value}" + (" by run" if how.run else ""))
            elif is_stale:
                require(["a sheet of yesterday was taken for today's"], self.words())
            self.run(journal, place, trouble, life)

        self.live(how.folder, work, trouble)
        wanted = set(self.sheet.contents().values())
        others = [h for h in self._sent_since(sent_before) if h.content not in wanted]
        require([f"{held} is not what this sheet says" for held in others], self.words())

    def resume(self, place: Place, trouble: Trouble) -> None:
        """Go on with a batch; take it, if hosts share it, from whoever was heard of just now."""
        self.tell("resume", place, trouble)
        self._go_on_with(place, trouble, take_over=trouble.seed % 2 == 0)

    def _go_on_with(self, place: Place, trouble: Trouble, *, take_over: bool) -> None:
        def work(journal: Journal, life: Life) -> None:
            self.run(journal, place, trouble, life, take_over=take_over)

        self.live(place[0], work, trouble)

    def _overtake(self, place: Place, trouble: Trouble) -> None:
        """Have another process take a batch over and come to its own end, while its holder waits.

        What goes wrong for the holder goes wrong for that one, too.
        """
        self.tell("overtake", place)
        self.count("taken over from a live process")
        left, silent = self.books.words, self.books.silent
        other = replace(trouble, stopped_at=None, overtaken_at=None, seed=trouble.seed + 1)
        self._go_on_with(place, other, take_over=True)
        self.books.words, self.books.silent, self.books.sender = left, silent, place

    def stop(self, folder: str, batch_id: str | None, *, cancels: bool) -> None:
        """Have everything of a folder, or one batch, stop from another terminal."""
        self.tell("stop", folder, batch_id, cancels)
        if batch_id is not None:
            self.touch((folder, batch_id))
        self.count("stops")
        with self.journals.open(folder) as journal:
            named = None if batch_id is None else [batch_id]
            journal.stops.ask(named, cancel=cancels, by="a person", now=self.clock.now())
        self.ledger.stops.append(Stop(folder, batch_id, self.clock.monotonic()))
        if cancels:
            self.ledger.wished_all.update(
                place
                for place in self.places
                if place[0] == folder and batch_id in (None, place[1])
            )

    def release(self) -> None:
        """Lift every stop."""
        self.tell("release")
        for stop in self.ledger.stops:
            if stop.ends == float("inf"):
                stop.ends = self.clock.monotonic()
                with self.journals.open(stop.folder) as journal:
                    named = None if stop.batch_id is None else [stop.batch_id]
                    journal.stops.release(named, by="a person", now=self.clock.now())

    def finish(self) -> None:
        """Let all that is late arrive, then go on with every batch until nothing is left to do."""
        self.release()
        self.clock.sleep(60.0)
        self._until_nothing_comes(self._go_on)
        if any(self._left(place)[OrderState.OPEN] for place in self.places):
            self.clock.sleep(LONG_LIFE_S)
            # By then what was sent elsewhere may be too old to keep a batch back, or at its end.
            self._until_nothing_comes(lambda place: self.resume(place, Trouble()))
        self.check(at_end=True)

    def _until_nothing_comes(self, step: Callable[[Place], None]) -> None:
        """Take a step with each batch that has something left, until no batch comes to more.

        What one batch comes to can be the control that another one needs, or the end of an order
        that keeps an equal one of another batch back.
        """
        before: dict[Place, dict[OrderState, int]] | None = None
        while (states := {place: self._states(place) for place in self.places}) != before:
            before = states
            for place in self.places:
                if self._left(place):
                    step(place)

    def _go_on(self, place: Place) -> None:
        """Resume a batch as long as anything but waiting comes of it."""
        before: Counter[OrderState] | None = None
        while (left := self._left(place)) - Counter({OrderState.OPEN: ENDLESS}) and left != before:
            before = left
            self.resume(place, Trouble())

    # What must be true

    def check(self, *, at_end: bool = False) -> None:
        """Hold what the journals would report, and what was asked for, against the books."""
        wrong = [
            *self.ledger.broken(self.books),
            *reckoning.contradictions(self, at_end=at_end),
        ]
        require(wrong, self.words())

    def words(self) -> str:
        """Tell the history, for whoever has to repeat it."""
        return "\n".join([str(self.market), *self.story, *map(str, self.books.held)])

    def tell(self, *words: object) -> None:
        """Take down what happens."""
        self.story.append(f"{self.clock.monotonic():.1f} {' '.join(map(str, words))}")

    def touch(self, place: Place) -> None:
        """Take note that somebody has to do with a batch: what is on record of it is not old."""
        self.ledger.batches[place].touched_at = self.clock.monotonic()

    def count(self, what: str) -> None:
        """Count it."""
        self.figures[what] += 1

    # How a process lives

    def live(self, folder: str, work: Callable[[Journal, Life], None], trouble: Trouble) -> None:
        """Let a process do its work as far as it comes, and look at what it leaves."""
        self.books.words = list(trouble.words)
        self.books.silent = trouble.silent
        self.count("processes")
        journal = self.journals.open(folder, trouble)
        try:
            with self.journals.living():
                work(journal, journal.life)
        except GateError as error:
            self.count(f"refused by {type(error).__name__}")
        except DiskFull:
            self.count("disks full")
        except Died:
            self.count("deaths")
        except Broken:
            raise
        except Exception as error:
            if not (self.journals.is_shared and isinstance(error, COMES_OF_HOSTS)):
                raise Failed(f"{error!r}\n{self.story}") from error
            self.count(f"ended by {type(error).__name__}")
        finally:
            journal.close()
        self.books.words, self.books.silent = [], 0
        self.check()

    def run(
        self,
        journal: Journal,
        place: Place,
        trouble: Trouble,
        life: Life,
        *,
        take_over: bool = False,
        **options: Any,
    ) -> None:
        """Drive a batch in a process."""
        batch_id = place[1]
        asked = self.ledger.batches[place]
        is_sending = options.get("send", True)
        summary = journal.batch(batch_id)
        if is_sending:
            refuse_sent_since(journal, summary, self.clock)
        witness = self._witness(journal, place)
        sent_before = len(self.books.held)
        wires = Wires(self.clock, life, random.Random(trouble.seed), self.books)
        rounds = 0

        def watch(_: Snapshot) -> None:
            nonlocal rounds
            life.pass_by("in-round")
            if rounds == trouble.stopped_at:
                for __ in range(trouble.stops):
                    run.stop()
            if rounds == trouble.halted_at:
                self.stop(place[0], batch_id, cancels=trouble.seed % 2 == 0)
            if rounds == trouble.overtaken_at and is_sending and self.journals.is_shared:
                self._overtake(place, trouble)
            rounds += 1
            if rounds > ENDLESS:
                require([f"batch {batch_id}: the run does not end"], self.words())

        venue = self.venue(asked.user)
        try:
            with journal.hold(batch_id, self.clock.now(), take_over=take_over):
                maybe_left = [OrderState.SENDING, OrderState.UNKNOWN]
                elsewhere = sent_elsewhere(journal, summary, maybe_left, self.clock)
                options = {
                    "max_in_flight": 4,
                    "wait_s": WAIT_S,
                    "covers_done_orders": self.market.covers_done,
                    "sent_elsewhere": frozenset(elsewhere),
                    **options,
                }
                run = Run(journal, batch_id, venue, wires, self.clock, RunOptions(**options), watch)
                self.books.sender = place
                run.execute()
        finally:
            wires.close()
            self.touch(place)
            if witness and len(self.books.held) > sent_before:
                require([witness], self.words())

    def venue(self, user: str) -> Venue:
        """Give a client of the venue."""
        with mock.patch("batch.venue.integral.client.Transport", lambda *_, **__: self.books):
            settings = VenueSettings(url="https://venue.test", user=user, org="ORG")
            return Venue(settings, clock=self.clock)

    def _note(self, place: Place, how: Asking) -> None:
        """Write down what was asked for with a new batch."""
        cells, run = self.sheet.cells(), self._own_key(how)
        known = len(self.books.held) if how.duplicates is Duplicates.SEND else 0
        if run and (earlier := self.ledger.same(how.folder, cells, how.user, run)):
            known = earlier[0][1].known  # the same run: a retry of it repeats nothing
        self.ledger.batches[place] = Asked(
            self.sheet.contents(), cells, how.user, run, known, self.clock.monotonic()
        )

    def _note_unseen(self, how: Asking) -> None:
        """Write down a batch whose process died between its commit and its first step."""
        for summary in self.journals.look(how.folder).batches():
            place = (how.folder, summary.batch.batch_id)
            if place not in self.ledger.batches:
                self._note(place, how)

    def _key(self, how: Asking) -> str:
        if how.run is None:
            return ""
        return run_key(how.run, trading_day(self.clock.now(), parse_cut_off(DAY_STARTS)))

    def _own_key(self, how: Asking) -> str:
        """Make the run key without the program's help: a day begins seven hours early."""
        at: datetime = self.clock.now().astimezone(ZoneInfo("America/New_York"))
        day = (at.replace(tzinfo=None) + timedelta(hours=7)).date()
        return "" if how.run is None else how.run.replace("{date}", str(day))

    def _is_stale(self, how: Asking) -> bool:
        """Say whether only a person knows if this sheet is yesterday's."""
        if how.run is not None or how.duplicates is Duplicates.SEND:
            return False
        earlier = self.ledger.same(how.folder, self.sheet.cells(), how.user, "")
        latest = max((asked.touched_at for _, asked in earlier), default=None)
        return latest is not None and self.clock.monotonic() - latest > DAY_S + SLACK_S

    def _witness(self, journal: Journal, place: Place) -> str:
        """Say why nothing of a batch may leave: the venue has its orders, of another journal.

        Only what must be seen by the first look: the first order that is about to leave, and what
        works for longer than any look takes.
        """
        records = list(journal.orders(place[1]))
        planned = [record for record in records if record.state is OrderState.PLANNED]
        if not planned or any(record.submitted_at is not None for record in records):
            return ""
        now, first = self.clock.monotonic(), planned[0].client_order_id
        if self.market.finds == "all":
            for held in self.books.held:
                if held.client_order_id == first and held.taken_at + self.market.slow_s <= now:
                    return f"the first order of {place} was at the venue already: {held}"
        ids = {record.client_order_id for record in planned}
        for held in self.books.held:
            works = held.taken_at <= now and held.ends_at > now + SLACK_S
            if works and held.client_order_id in ids:
                return f"an order of {place} was at work at the venue already: {held}"
        return ""

    def _sent_since(self, number: int) -> Collection[Held]:
        return [held for held in self.books.held[number:] if not held.is_foreign]

    def _left(self, place: Place) -> Counter[OrderState]:
        """Count what may still come to something; empty where a batch is at its end."""
        states = self._states(place)
        wanted = (*LEFT, *([OrderState.UNKNOWN] if self.market.covers_done else []))
        return Counter({state: states[state] for state in wanted if states.get(state)})

    def _states(self, place: Place) -> dict[OrderState, int]:
        return dict(self.journals.look(place[0]).batch(place[1]).states)
