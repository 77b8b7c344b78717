"""From a checked sheet to a batch in the journal: all rows, with their IDs and exact payloads.

Everything is computed and checked first; then the whole plan is committed at once, or nothing.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from batch.clock import Clock
from batch.errors import GateError
from batch.journal import BatchSummary, EarlierOrder, Journal, PlannedRow, Planning
from batch.model import LONGEST_CLIENT_ORDER_ID, BatchRecord, Order, Problem, Row, Validation
from batch.plan.duplicates import (
    SUFFIX,
    Duplicates,
    Matches,
    is_exposure,
    listing,
    name_of,
    refuse_reused_ids,
    refuse_sent,
)
from batch.plan.identity import Login, batch_id, content_hash, fingerprints
from batch.states import OrderState

SUFFIXES_AT_ONCE = 8
"""How many numbers are looked up at once when a used client ID needs another."""


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
        withdrawn: rows of other batches, never sent, that this one sends in their place.
        to_send: rows that this plan sends; None for a batch that was there before.
        left_behind: the other batches that these rows were of.
    """

    batch: BatchRecord
    states: Mapping[OrderState, int]
    is_new: bool
    skipped: int = 0
    withdrawn: int = 0
    left_behind: tuple[str, ...] = ()
    to_send: frozenset[int] | None = None


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
        with (
            ExitStack() as held,
            journal.planning(url=login.url, org=login.org, user=login.user, now=now) as planning,
        ):
            earlier = planning.generations(content)
            if earlier and options.duplicates is not Duplicates.SEND:
                return Plan(earlier[-1].batch, earlier[-1].states, is_new=False)
            if earlier:
                _require_sent(earlier[-1])
            generation = len(earlier) + 1
            draft = _draft(planning, validation, content, generation, login, options, now)
            for batch in draft.withdrawals:
                # Nobody may be sending these rows just now; held until the plan is committed.
                held.enter_context(journal.hold(batch, now))
            made = _add(planning, validation, draft, content, generation, encode)
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
    sent = sent_elsewhere(journal, summary, [OrderState.PLANNED], clock)
    if sent:
        raise GateError(
            f"batch {summary.batch.batch_id}: expected rows that no other batch has sent, found "
            f"{len(sent)} that one has sent since:\n{listing(sent)}\n"
            "Nothing more was sent. To send only the others: change any cell of the sheet that is "
            "not sent (a note), and submit it with --skip-sent."
        )


def sent_elsewhere(
    journal: Journal, summary: BatchSummary, states: Collection[OrderState], clock: Clock
) -> dict[int, EarlierOrder]:
    """Give the rows of a batch in these states that another batch has sent since it was planned.

    Returns:
        Row number -> the order of the other batch.
    """
    if not any(summary.states.get(state) for state in states):
        return {}
    batch = summary.batch
    waiting = {order.client_order_id or "" for order in journal.orders(batch.batch_id, states)}
    now = clock.now()
    login = {"url": batch.venue_url, "org": batch.org, "user": batch.user}
    with journal.planning(**login, now=now) as planning:
        mine = [
            earlier
            for earlier in planning.earlier_orders(client_order_ids=waiting)
            if earlier.batch_id == batch.batch_id
        ]
        others = {
            earlier.fingerprint: earlier
            for earlier in planning.earlier_orders(fingerprints=[m.fingerprint for m in mine])
            if earlier.batch_id != batch.batch_id
            and earlier.state is not OrderState.PLANNED
            and is_exposure(earlier, now)
            # What was sent before this batch was planned was known then, and repeated on purpose.
            and (earlier.submitted_at is None or earlier.submitted_at >= batch.created_at)
        }
    return {m.row: others[m.fingerprint] for m in mine if m.fingerprint in others}


def _require_sent(latest: BatchSummary) -> None:
    pending = sum(latest.states.get(state, 0) for state in (OrderState.PLANNED, OrderState.SENDING))
    if pending:
        raise GateError(
            f"batch {latest.batch.batch_id}: expected it to be sent before it is sent again, found "
            f"{pending} rows that are not. Finish it first: "
            f"orderbatch resume {latest.batch.batch_id}"
        )


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a plan has decided about each row before anything is written."""

    batch: BatchRecord
    client_order_ids: Mapping[int, str]
    fingerprints: Mapping[int, str]
    skipped: Mapping[int, EarlierOrder]
    withdrawals: Mapping[str, list[int]]


def _draft(
    planning: Planning,
    validation: Validation,
    content: str,
    generation: int,
    login: Login,
    options: PlanOptions,
    now: datetime,
) -> _Draft:
    sheet, orders = validation.sheet, validation.orders
    name = batch_id(content, generation)
    if planning.is_taken(name):
        raise GateError(
            f"batch {name}: expected a free ID, found other content under it. Change any cell "
            "that is not sent (a note) and submit again."
        )
    rows = [order.row for order in orders]
    prints = dict(zip(rows, fingerprints(orders), strict=True))
    wanted = {order.row: _client_order_id(order, name, options) for order in orders}
    _refuse_equal_ids(wanted)
    found = planning.earlier_orders(fingerprints=prints.values(), client_order_ids=wanted.values())
    used = {order.client_order_id for order in found}
    later = _sent_with_suffix(planning, [id_ for id_ in wanted.values() if id_ in used])
    matches = Matches(dict.fromkeys([*found, *later]), now)
    refuse_reused_ids(wanted, prints, matches, options.duplicates)
    sent = {row: e for row in rows if (e := matches.sent(prints[row], wanted[row])) is not None}
    waiting = {row: w for row in rows if (w := matches.waiting(prints[row], wanted[row]))}
    refuse_sent(sent, waiting, options.duplicates)
    skipped = sent if options.duplicates is Duplicates.SKIP else {}
    withdrawals: dict[str, set[int]] = {}
    for row, elsewhere in waiting.items():
        if row not in skipped:
            for order in elsewhere:
                withdrawals.setdefault(order.batch_id, set()).add(order.row)
    client_order_ids = _free_ids(wanted, matches, skipped)
    _refuse_long_ids(client_order_ids)
    return _Draft(
        batch=BatchRecord(
            batch_id=name,
            sheet_path=str(sheet.path.absolute()),
            worksheet=sheet.worksheet,
            columns=sheet.columns,
            row_count=len(sheet.rows),
            venue_url=login.url,
            org=login.org,
            user=login.user,
            simulated=options.simulated,
            created_at=now,
        ),
        client_order_ids=client_order_ids,
        fingerprints=prints,
        skipped=skipped,
        withdrawals={other: sorted(planned) for other, planned in withdrawals.items()},
    )


def _add(
    planning: Planning,
    validation: Validation,
    draft: _Draft,
    content: str,
    generation: int,
    encode: Callable[[Order, str], str],
) -> Plan:
    batch = draft.batch
    for other, rows in draft.withdrawals.items():
        words = f"withdrawn before it was sent: batch {batch.batch_id} sends it in its place"
        planning.withdraw(other, rows, detail=words, message=words)
    planned = _planned_rows(validation, draft, encode)
    planning.add(
        batch,
        content_hash=content,
        generation=generation,
        rows=planned,
        detail=f"{len(planned)} rows of {validation.sheet.path.name}, "
        f"{len(draft.skipped)} already sent",
    )
    return Plan(
        batch,
        Counter(row.state for row in planned),
        is_new=True,
        skipped=len(draft.skipped),
        withdrawn=sum(map(len, draft.withdrawals.values())),
        left_behind=tuple(draft.withdrawals),
        to_send=frozenset(row.row for row in planned if row.state is OrderState.PLANNED),
    )


def _planned_rows(
    validation: Validation, draft: _Draft, encode: Callable[[Order, str], str]
) -> list[PlannedRow]:
    orders = {order.row: order for order in validation.orders}
    problems = _by_row(validation.problems)

    def planned(row: Row) -> PlannedRow:
        order = orders.get(row.number)
        if order is None:
            return PlannedRow(
                row.number, row.values, OrderState.INVALID, message=problems.get(row.number, "")
            )
        client_order_id = draft.client_order_ids[order.row]
        earlier = draft.skipped.get(order.row)
        return PlannedRow(
            row=row.number,
            values=row.values,
            state=OrderState.SKIPPED if earlier else OrderState.PLANNED,
            order=order,
            client_order_id=client_order_id,
            payload=encode(order, client_order_id),
            fingerprint=draft.fingerprints[order.row],
            message=f"not sent: already sent as {name_of(earlier)}" if earlier else "",
        )

    return [planned(row) for row in validation.sheet.rows]


def _client_order_id(order: Order, name: str, options: PlanOptions) -> str:
    if order.client_order_id is None:
        return f"{name}-{order.row}"
    if options.prefix_client_order_id:
        return f"{name}-{order.client_order_id}"
    return order.client_order_id


def _refuse_equal_ids(wanted: Mapping[int, str]) -> None:
    """Refuse rows that would be sent under one ID: one whose own ends like another's number."""
    first: dict[str, int] = {}
    for row, id_ in wanted.items():
        if first.setdefault(id_, row) != row:
            raise GateError(
                f"rows {first[id_]} and {row}: expected two client order IDs, found that both "
                f"rows would be sent as {id_}. Nothing was sent. Give both rows, or neither, a "
                "client order ID."
            )


def _refuse_long_ids(client_order_ids: Mapping[int, str]) -> None:
    for row, id_ in client_order_ids.items():
        if len(id_) > LONGEST_CLIENT_ORDER_ID:
            raise GateError(
                f"row {row}: expected a client order ID of at most {LONGEST_CLIENT_ORDER_ID} "
                f"characters with what is added when it is sent, found {len(id_)}. Nothing was "
                "sent. Give the row a shorter one."
            )


def _sent_with_suffix(planning: Planning, ids: list[str]) -> list[EarlierOrder]:
    """Give the orders that were planned under one of these IDs and a suffix."""
    found: list[EarlierOrder] = []
    for first in itertools.count(2, SUFFIXES_AT_ONCE):
        numbers = range(first, first + SUFFIXES_AT_ONCE)
        stems = {f"{id_}{SUFFIX}{number}": id_ for id_ in ids for number in numbers}
        more = planning.earlier_orders(client_order_ids=stems)
        found += more
        ids = sorted({stems[order.client_order_id] for order in more})
        if not ids:
            break
    return found


def _free_ids(
    wanted: Mapping[int, str], matches: Matches, skipped: Mapping[int, EarlierOrder]
) -> dict[int, str]:
    """Give a used client ID that is sent on purpose once more a suffix: `-2`, `-3`, …

    Two orders under one ID could not be told apart when the venue is asked.
    """
    result = dict(wanted)
    taken = set(wanted.values())
    for row, id_ in wanted.items():
        used = matches.of_id(id_)
        if row in skipped or used is None or used.state is OrderState.PLANNED:
            continue
        candidates = (f"{id_}{SUFFIX}{number}" for number in itertools.count(2))
        result[row] = next(c for c in candidates if c not in taken and matches.of_id(c) is None)
        taken.add(result[row])
    return result


def _by_row(problems: Iterable[Problem]) -> dict[int, str]:
    words: dict[int, list[str]] = {}
    for problem in problems:
        if problem.row is not None:
            words.setdefault(problem.row, []).append(
                f'{problem.column}: expected {problem.expected}, found "{problem.found}"'
            )
    return {row: "; ".join(parts) for row, parts in words.items()}
