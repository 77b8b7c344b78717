"""What a person does beside sending: find out, cancel, hand back for correction."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from batch.config import Settings
from batch.desk.listener import Silence
from batch.desk.reports import write_corrections_sheet
from batch.desk.session import Session
from batch.journal import Journal
from batch.model import OrderRecord
from batch.run.options import Cancel
from batch.run.resolving import declare_not_placed, declare_placed
from batch.states import MAYBE_OPEN, OrderState
from tests.campaign.books import Held, Place
from tests.campaign.invariants import require
from tests.campaign.mortal import Life, Trouble
from tests.campaign.sheets import Corrections
from tests.campaign.world import FREE_S, World

NOWHERE = "7777"
"""A server ID that no order has."""


def resolve(world: World, place: Place, trouble: Trouble) -> None:
    """Look up the first UNKNOWN order at the venue, and record what is true."""
    world.tell("resolve", place, trouble)
    world.touch(place)

    def work(journal: Journal, _: Life) -> None:
        unknown = _first_unknown(journal, place)
        if unknown is None:
            return
        namesakes = _namesakes(world, unknown)
        if any(h.is_foreign or h.taken_at > world.clock.monotonic() for h in namesakes):
            return  # nobody can tell yet
        venue = world.venue("user") if trouble.seed % 2 else None
        world.count("findings of a person")
        with journal.hold(place[1], world.clock.now()):
            if namesakes:
                found = namesakes[0].server_order_id
                declare_placed(journal, place[1], unknown.row, found, venue, world.clock)
            else:
                declare_not_placed(journal, place[1], unknown.row, venue, world.clock)

    world.live(place[0], work, trouble)


def deny(world: World, place: Place, trouble: Trouble) -> None:
    """Say of the first UNKNOWN order that the venue never took it, whatever is true."""
    world.tell("deny", place, trouble)
    world.touch(place)

    def work(journal: Journal, _: Life) -> None:
        unknown = _first_unknown(journal, place)
        if unknown is None:
            return
        venue = world.venue("user") if trouble.seed % 2 else None
        name = (place[0], unknown.client_order_id or "")
        if any(not held.is_foreign for held in _namesakes(world, unknown)):
            # Before it is recorded: the process may die right after that.
            world.ledger.misled[name] = world.ledger.batches[place].rows[unknown.row]
        with journal.hold(place[1], world.clock.now()):
            declare_not_placed(journal, place[1], unknown.row, venue, world.clock)
        if name in world.ledger.misled:
            world.count("wrong findings: not placed")

    world.live(place[0], work, trouble)


def mistake(world: World, place: Place, trouble: Trouble) -> None:
    """Take another order, or none at all, for the first UNKNOWN one, unchecked."""
    world.tell("mistake", place, trouble)
    world.touch(place)

    def work(journal: Journal, _: Life) -> None:
        unknown = _first_unknown(journal, place)
        if unknown is None:
            return
        others = [
            held.server_order_id
            for held in world.books.held
            if held.client_order_id != unknown.client_order_id
        ]
        found = [*others, NOWHERE][trouble.seed % (len(others) + 1)]
        world.ledger.doubtful.add((place[0], unknown.client_order_id or ""))
        # Whose server ID it is cannot be found under it before a person has looked once more.
        world.ledger.doubtful.update(
            (place[0], held.client_order_id)
            for held in world.books.held
            if held.server_order_id == found
        )
        with journal.hold(place[1], world.clock.now()):
            declare_placed(journal, place[1], unknown.row, found, None, world.clock)
        world.count("wrong findings: placed")

    world.live(place[0], work, trouble)


def cancel(world: World, place: Place, trouble: Trouble, *, which: int | None) -> None:
    """Cancel what is open of a batch, or one row of it.

    Args:
        which: the row, counted among those that may be open; None for all of them.
    """
    world.tell("cancel", place, which, trouble)
    world.touch(place)
    sent_before = len(world.books.held)

    def work(journal: Journal, life: Life) -> None:
        maybe_open = list(journal.orders(place[1], MAYBE_OPEN))
        if not maybe_open:
            return
        chosen = maybe_open if which is None else [maybe_open[which % len(maybe_open)]]
        rows = frozenset(order.row for order in chosen)
        world.ledger.wished.update((place[0], order.client_order_id or "") for order in chosen)
        journal.cancels.ask(place[1], rows, world.clock.now())
        world.count("cancels of a batch" if which is None else "cancels of a row")
        if trouble.seed % 3 == 0:
            return  # it is for whoever runs the batch next
        only = None if which is None else rows
        world.run(journal, place, trouble, life, send=False, cancel=Cancel.AT_ONCE, rows=only)

    world.live(place[0], work, trouble)
    sent = world.books.held[sent_before:]
    require([f"a cancel sent {held}" for held in sent], world.words())


def correct(world: World, place: Place, trouble: Trouble) -> Corrections:
    """Have the rows of a batch handed back that can be mended, and look into the file."""
    world.tell("correct", place, trouble)
    world.touch(place)
    path = next(p for n in count() if not (p := _file(world, n)).exists())
    given_at = world.clock.monotonic()

    def work(journal: Journal, _: Life) -> None:
        session = Session(Settings, world.clock, Silence())
        write_corrections_sheet(session, journal, journal.batch_record(place[1]), path)

    world.live(place[0], work, trouble)
    found = Corrections.read(path)
    if not found.rows:
        world.unfinished_corrections.append(place)
    for row in found.rows:
        order = world.journals.look(place[0]).order(place[1], row)
        assert order is not None
        name = order.client_order_id or ""
        world.ledger.given_back.setdefault((place, name), given_at)
        world.ledger.handed.add((place, row))
    world.figures["rows handed back for correction"] += len(found.rows)
    world.check()
    return found


def hand_back_the_rest(world: World) -> None:
    """Ask once more for the sheets of corrections that a process died over."""
    if world.unfinished_corrections:
        world.clock.sleep(FREE_S)
    for place in dict.fromkeys(world.unfinished_corrections):
        correct(world, place, Trouble())


def _file(world: World, number: int) -> Path:
    return world.folder / f"mend-{number}.csv"


def _first_unknown(journal: Journal, place: Place) -> OrderRecord | None:
    return next(journal.orders(place[1], [OrderState.UNKNOWN]), None)


def _namesakes(world: World, order: OrderRecord) -> list[Held]:
    return [held for held in world.books.held if held.client_order_id == order.client_order_id]
