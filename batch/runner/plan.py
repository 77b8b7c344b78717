"""From a checked sheet to a batch in the journal: all rows, with their IDs and exact payloads.

Everything is computed and checked first; then the whole plan is committed at once, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from batch.clock import Clock
from batch.errors import GateError
from batch.journal import BatchSummary, EarlierOrder, Journal, PlannedRow, Planning
from batch.model import BatchRecord, Order, Problem, Row, Validation
from batch.runner.identity import Login, batch_id, content_hash, fingerprints, same_content
from batch.states import AT_VENUE, OrderState, final_state

SENT_WINDOW = timedelta(hours=24)
"""How long an equal order counts as already sent."""

LONGEST_CLIENT_ORDER_ID = 255
"""Source: the venue's WebSocket reference."""

LISTED = 20
"""How many duplicates a message lists."""


class Duplicates(StrEnum):
    """What to do with rows that were sent before."""

    REFUSE = "refuse"
    SKIP = "skip"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the operator said about the plan.

    Attributes:
        duplicates: what to do with rows that were sent before.
        prefix_client_order_id: send `<batch>-<id>` for a sheet's own IDs.
        dry_run: check everything, record nothing.
    """

    duplicates: Duplicates = Duplicates.REFUSE
    prefix_client_order_id: bool = False
    simulated: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch that stands in the journal (or, after a dry run, would).

    Attributes:
        is_new: this plan made the batch; otherwise it was there before, finished or not.
        skipped: rows left out because they were sent before.
    """

    batch: BatchRecord
    states: Mapping[OrderState, int]
    is_new: bool
    skipped: int = 0


class _Undo(Exception):
    """Leaves a planning without a trace."""


def find_batch(
    journal: Journal, validation: Validation, *, login: Login, clock: Clock
) -> BatchSummary | None:
    """Give the newest batch of a sheet's content; None when it was never submitted."""
    content = content_hash(validation.sheet, login)
    now = clock.now()
    with journal.planning(url=login.url, org=login.org, user=login.user, now=now) as planning:
        earlier = planning.generations(content)
    return earlier[-1] if earlier else None


def plan(
    journal: Journal,
    validation: Validation,
    *,
    login: Login,
    options: PlanOptions,
    encode: Callable[[Order, str], str],
    clock: Clock,
) -> Plan:
    """Find the batch of a sheet, or make it.

    Args:
        encode: from an order and its client ID to the exact text that will be sent.

    Raises:
        GateError: rows were sent before, or an earlier batch must be finished first.
        JournalError: the plan could not be recorded; nothing was sent.
    """
    content = content_hash(validation.sheet, login)
    now = clock.now()
    made: Plan | None = None
    try:
        with journal.planning(url=login.url, org=login.org, user=login.user, now=now) as planning:
            earlier = planning.generations(content)
            if earlier and options.duplicates is not Duplicates.SEND:
                return Plan(earlier[-1].batch, earlier[-1].states, is_new=False)
            if earlier:
                _require_sent(earlier[-1])
            generation = len(earlier) + 1
            made = _add(planning, validation, content, generation, login, options, encode, now)
            if options.dry_run:
                raise _Undo
    except _Undo:
        pass
    assert made is not None
    return made


def refuse_sent_since(journal: Journal, summary: BatchSummary, clock: Clock) -> None:
    """Make sure that no other batch sent what this one is still to send.

    Raises:
        GateError: rows of another batch equal rows that this one has not sent yet.
    """
    if not summary.states.get(OrderState.PLANNED):
        return
    batch = summary.batch
    waiting = {
        order.client_order_id or "": order
        for order in journal.orders(batch.batch_id, [OrderState.PLANNED])
    }
    own = {record.row for record in waiting.values()}
    now = clock.now()
    login = {"url": batch.venue_url, "org": batch.org, "user": batch.user}
    with journal.planning(**login, now=now) as planning:
        mine = [
            earlier
            for earlier in planning.earlier_orders(client_order_ids=waiting)
            if earlier.batch_id == batch.batch_id and earlier.row in own
        ]
        others = {
            earlier.fingerprint: earlier
            for earlier in planning.earlier_orders(fingerprints=[m.fingerprint for m in mine])
            if earlier.batch_id != batch.batch_id
            and earlier.state is not OrderState.PLANNED
            and _is_exposure(earlier, now)
        }
    sent = [(m.row, others[m.fingerprint]) for m in mine if m.fingerprint in others]
    if sent:
        raise GateError(
            f"batch {batch.batch_id}: expected rows that no other batch has sent, found "
            f"{len(sent)} that one has sent since:\n{_listing(sent)}\n"
            "Nothing more was sent. Submit the sheet that should count now, with --skip-sent."
        )


def _require_sent(latest: BatchSummary) -> None:
    pending = sum(latest.states.get(state, 0) for state in (OrderState.PLANNED, OrderState.SENDING))
    if pending:
        raise GateError(
            f"batch {latest.batch.batch_id}: expected it to be sent before it is sent again, found "
            f"{pending} rows that are not. Finish it first: "
            f"orderbatch resume {latest.batch.batch_id}"
        )


def _add(
    planning: Planning,
    validation: Validation,
    content: str,
    generation: int,
    login: Login,
    options: PlanOptions,
    encode: Callable[[Order, str], str],
    now: datetime,
) -> Plan:
    sheet = validation.sheet
    name = batch_id(content, generation)
    if planning.is_taken(name):
        raise GateError(
            f"batch {name}: expected a free ID, found other content under it. Change any cell "
            "that is not sent (a note) and submit again."
        )
    prints = dict(
        zip(
            (order.row for order in validation.orders), fingerprints(validation.orders), strict=True
        )
    )
    wanted = {order.row: _client_order_id(order, name, options) for order in validation.orders}
    matches = _Matches(
        planning.earlier_orders(
            fingerprints=prints.values(),
            client_order_ids=[id_ for order in validation.orders if (id_ := wanted[order.row])],
        ),
        now,
    )
    _refuse_reused_ids(validation.orders, wanted, prints, matches)
    sent = [
        (order.row, found)
        for order in validation.orders
        if (found := matches.sent(prints[order.row], wanted[order.row])) is not None
    ]
    _refuse_sent(sent, options.duplicates)
    skipped = dict(sent) if options.duplicates is Duplicates.SKIP else {}
    orders = {order.row: order for order in validation.orders}
    problems = _by_row(validation.problems)
    free = _free_ids(planning, wanted, matches, skipped)

    def planned(row: Row) -> PlannedRow:
        order = orders.get(row.number)
        if order is None:
            return PlannedRow(
                row.number, row.values, OrderState.INVALID, message=problems.get(row.number, "")
            )
        client_order_id = free[order.row]
        earlier = skipped.get(order.row)
        return PlannedRow(
            row=row.number,
            values=row.values,
            state=OrderState.SKIPPED if earlier else OrderState.PLANNED,
            order=order,
            client_order_id=client_order_id,
            payload=encode(order, client_order_id),
            fingerprint=prints[order.row],
            message=f"not sent: already sent as {_name(earlier)}" if earlier else "",
        )

    rows = [planned(row) for row in sheet.rows]
    batch = BatchRecord(
        batch_id=name,
        sheet_path=str(sheet.path.absolute()),
        worksheet=sheet.worksheet,
        columns=sheet.columns,
        row_count=len(rows),
        venue_url=login.url,
        org=login.org,
        user=login.user,
        simulated=options.simulated,
        created_at=now,
    )
    detail = f"{len(rows)} rows of {sheet.path.name}, {len(skipped)} already sent"
    planning.add(batch, content_hash=content, generation=generation, rows=rows, detail=detail)
    states: dict[OrderState, int] = {}
    for row in rows:
        states[row.state] = states.get(row.state, 0) + 1
    return Plan(batch, states, is_new=True, skipped=len(skipped))


class _Matches:
    """Earlier orders of this login that rows of the new sheet may repeat."""

    def __init__(self, earlier: Iterable[EarlierOrder], now: datetime) -> None:
        self._by_id: dict[str, EarlierOrder] = {}
        self._by_fingerprint: dict[str, EarlierOrder] = {}
        for order in earlier:
            self._by_id[order.client_order_id] = order
            if _is_exposure(order, now):
                self._by_fingerprint[order.fingerprint] = order

    def of_id(self, client_order_id: str) -> EarlierOrder | None:
        return self._by_id.get(client_order_id)

    def sent(self, fingerprint: str, client_order_id: str) -> EarlierOrder | None:
        """Give the order that this row would repeat.

        An ID says "this very order", so one that was used for an exposure counts for ever; equal
        content counts for a day.
        """
        same_id = self._by_id.get(client_order_id)
        if same_id is not None and _holds_exposure(same_id):
            return same_id
        return self._by_fingerprint.get(fingerprint)


def _holds_exposure(order: EarlierOrder) -> bool:
    # A row that another batch has planned and not sent counts: `resume` would send it too.
    return order.state in AT_VENUE | {OrderState.PLANNED} or bool(order.filled_size)


def _is_exposure(order: EarlierOrder, now: datetime) -> bool:
    recent = order.submitted_at is None or now - order.submitted_at <= SENT_WINDOW
    return recent and _holds_exposure(order)


def _client_order_id(order: Order, name: str, options: PlanOptions) -> str:
    if order.client_order_id is None:
        return f"{name}-{order.row}"
    if options.prefix_client_order_id:
        return f"{name}-{order.client_order_id}"
    return order.client_order_id


def _refuse_reused_ids(
    orders: Iterable[Order],
    wanted: Mapping[int, str],
    prints: Mapping[int, str],
    matches: _Matches,
) -> None:
    reused = [
        (order.row, found)
        for order in orders
        if (found := matches.of_id(wanted[order.row])) is not None
        and not same_content(found.fingerprint, prints[order.row])
    ]
    if reused:
        raise GateError(
            f"expected client order IDs that were never used, found {len(reused)} that belong to "
            f"other orders:\n{_listing(reused)}\n"
            "Nothing was sent. Give each changed row a client order ID of its own."
        )
    long = [order.row for order in orders if len(wanted[order.row]) > LONGEST_CLIENT_ORDER_ID]
    if long:
        raise GateError(
            f"row {long[0]}: expected a client order ID of at most {LONGEST_CLIENT_ORDER_ID} "
            f"characters with the batch's prefix, found {len(wanted[long[0]])}. Nothing was sent."
        )


def _refuse_sent(sent: list[tuple[int, EarlierOrder]], duplicates: Duplicates) -> None:
    waiting = [(row, found) for row, found in sent if found.state is OrderState.PLANNED]
    if waiting and duplicates is not Duplicates.SEND:
        batch = waiting[0][1].batch_id
        raise GateError(
            f"expected rows that no other batch is going to send, found {len(waiting)} that an "
            f"unfinished batch holds:\n{_listing(waiting)}\n"
            f"Nothing was sent. Finish that batch first: orderbatch resume {batch}"
        )
    if sent and duplicates is Duplicates.REFUSE:
        raise GateError(
            f"expected rows that were not sent before, found {len(sent)} that were:\n"
            f"{_listing(sent)}\n"
            "Nothing was sent. To send only the others: --skip-sent. To send all of them once "
            "more: --again."
        )


def _free_ids(
    planning: Planning,
    wanted: Mapping[int, str],
    matches: _Matches,
    skipped: Mapping[int, EarlierOrder],
) -> dict[int, str]:
    """Give a used client ID that is sent on purpose once more a suffix: `-2`, `-3`, …

    Two orders under one ID could not be told apart when the venue is asked.
    """
    result = dict(wanted)
    again = {row: id_ for row, id_ in wanted.items() if matches.of_id(id_) and row not in skipped}
    taken = set(wanted.values())
    for row, id_ in again.items():
        for number in range(2, 1_000_000):
            candidate = f"{id_}-{number}"
            if candidate not in taken and not planning.earlier_orders(client_order_ids=[candidate]):
                break
        result[row] = candidate
        taken.add(candidate)
    return result


def _listing(found: list[tuple[int, EarlierOrder]]) -> str:
    lines = [f"  row {row}: {_name(earlier)}" for row, earlier in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(f"  and {len(found) - LISTED} more")
    return "\n".join(lines)


def _name(order: EarlierOrder) -> str:
    server = f", server order ID {order.server_order_id}" if order.server_order_id else ""
    return (
        f"client order ID {order.client_order_id}{server}, {final_state(order.state)}, "
        f"in batch {order.batch_id} row {order.row}"
    )


def _by_row(problems: Iterable[Problem]) -> dict[int, str]:
    words: dict[int, list[str]] = {}
    for problem in problems:
        if problem.row is not None:
            words.setdefault(problem.row, []).append(
                f'{problem.column}: expected {problem.expected}, found "{problem.found}"'
            )
    return {row: "; ".join(parts) for row, parts in words.items()}
