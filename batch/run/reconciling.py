"""Asking the venue again about a batch, and telling what differs from the journal. Writes nothing.

What the venue does not find proves nothing here: only what it says counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from batch.clock import Clock
from batch.errors import LoginFailed, Throttled, VenueError
from batch.model import OrderRecord, VenueOrder
from batch.run.comparing import NothingToCompare, difference
from batch.run.own_thread import OwnThread
from batch.states import OrderState, next_state
from batch.venue.port import Questions

TRIES = 4
"""Of a question that the venue throttles, or does not answer."""

PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

_NOT_OURS_TO_ASK = frozenset({OrderState.INVALID, OrderState.SKIPPED})
"""Such rows have no client ID, or one that another batch answers for."""

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Difference:
    """What the venue says otherwise than the journal.

    Attributes:
        what: which of the two's sayings differ, in a few words.
    """

    row: int
    client_order_id: str
    server_order_id: str
    what: str
    journal: str
    venue: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of asking.

    Attributes:
        asked: how many orders were asked about.
        unanswered: rows of which the venue said nothing usable -> why.
    """

    asked: int
    differences: tuple[Difference, ...]
    unanswered: dict[int, str]


def reconcile(
    records: Iterable[OrderRecord],
    venue: Questions,
    clock: Clock,
    *,
    most_at_once: int = 8,
    thread: OwnThread | None = None,
) -> Reconciliation:
    """Ask about every order of a batch.

    Args:
        venue: asked by several threads.
        thread: what these have done in this one.

    Raises:
        LoginFailed: the venue refused the credentials.
    """
    asked, differences, unanswered = 0, list[Difference](), dict[int, str]()
    mine = [r for r in records if r.client_order_id and r.state not in _NOT_OURS_TO_ASK]
    with ThreadPoolExecutor(most_at_once, thread_name_prefix="reconcile") as pool:

        def ask(record: OrderRecord) -> list[Difference] | VenueError:
            try:
                return list(_differences(record, venue, clock))
            except LoginFailed:
                raise
            except VenueError as error:
                return error

        answers = [pool.submit(ask, record) for record in mine]
        (thread or OwnThread()).serve(answers)
        for record, answer in zip(mine, (one.result() for one in answers), strict=True):
            asked += 1
            if isinstance(answer, VenueError):
                unanswered[record.row] = str(answer)
            else:
                differences += answer
    return Reconciliation(asked, tuple(differences), unanswered)


def _differences(record: OrderRecord, venue: Questions, clock: Clock) -> Iterator[Difference]:
    client_order_id, server_order_id = record.client_order_id, record.server_order_id
    assert client_order_id is not None

    def differs(what: str, journal: object, there: object, found: str = "") -> Difference:
        server = found or server_order_id or ""
        return Difference(record.row, client_order_id, server, what, str(journal), str(there))

    if server_order_id is not None:
        answer = _patiently(lambda: venue.query(server_order_id), clock)
        if answer is None:
            yield differs("order", record.final_state, "does not know this server order ID")
        else:
            yield from _of_answer(record, answer, differs)
    for other in _patiently(lambda: venue.find(client_order_id), clock):
        if other.server_order_id != server_order_id:
            what = "another order under this client order ID" if server_order_id else "order"
            yield differs(what, record.final_state, _stands(other), other.server_order_id)


def _of_answer(
    record: OrderRecord, answer: VenueOrder, differs: Callable[..., Difference]
) -> Iterator[Difference]:
    if next_state(OrderState.OPEN, answer.event) is not record.state:
        yield differs("state", record.final_state, _stands(answer))
    sizes = record.filled_size, answer.filled_size
    if answer.filled_size is not None and (record.filled_size or 0) != answer.filled_size:
        yield differs("filled size", *("not known" if s is None else f"{s:f}" for s in sizes))
    prices = record.average_price, answer.average_price
    if answer.filled_size and answer.average_price is not None and prices[0] != prices[1]:
        yield differs("average price", *("not known" if p is None else f"{p:f}" for p in prices))
    if record.order is not None:
        try:
            wrong = difference(record.order, answer)
        except NothingToCompare:
            wrong = ""
        if wrong:
            yield differs("terms", "as sent", wrong)


def _stands(order: VenueOrder) -> str:
    filled = "" if order.filled_size is None else f", {order.filled_size:f} filled"
    return f"{order.status}{filled}"


def _patiently(question: Callable[[], A], clock: Clock) -> A:
    """Ask, and where the venue is busy or away ask again, a few times."""
    pause_s = PAUSE_S
    for _ in range(TRIES - 1):
        try:
            return question()
        except LoginFailed:
            raise
        except Throttled as error:
            clock.sleep(min(error.retry_after_s or pause_s, LONGEST_PAUSE_S))
        except VenueError:
            clock.sleep(pause_s)
        pause_s *= 2
    return question()
