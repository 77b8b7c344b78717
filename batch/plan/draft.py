"""From a checked sheet to what would be added to the journal: all rows, IDs, exact payloads."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from batch.clock import Clock
from batch.errors import GateError
from batch.journal import BatchSummary, EarlierOrder, Journal, Looking, PlannedRow
from batch.model import LONGEST_CLIENT_ORDER_ID, BatchRecord, Order, Problem, Row, Validation
from batch.plan.duplicates import (
    SUFFIX,
    Duplicates,
    Matches,
    name_of,
    refuse_reused_ids,
    refuse_sent,
)
from batch.plan.identity import Identity, Login, fingerprints, identify
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.plan.commit import Planned

SUFFIXES_AT_ONCE = 8
"""How many numbers are looked up at once when a used client ID needs another."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the operator said about the plan.

    Attributes:
        duplicates: what to do with rows that were sent before.
        prefix_client_order_id: send `<batch>-<id>` for a sheet's own IDs.
    """

    duplicates: Duplicates = Duplicates.REFUSE
    prefix_client_order_id: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided about each row of a new batch by what the journal holds."""

    client_order_ids: Mapping[int, str]
    fingerprints: Mapping[int, str]
    skipped: Mapping[int, EarlierOrder]
    withdrawals: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What one sheet comes to by the journal as it was looked at; nothing of it is written yet.

    The same draft serves the question, the dry run, the gates, the approval and the commit.

    Attributes:
        batch: the batch that stands in the journal, or the one that is to be added.
        found: the batch that stands, with its states; None for one that is to be added.
        generation: which one this is of the batches of this content; for a new one.
        rows: what is to be added: all rows, with their IDs and exact payloads; empty for a batch
            that stands.
        orders: what this batch sends or has sent: no row that is invalid or left out.
        to_send: of these, what is still to leave, or may be.
        choice: what was decided about the rows of a new batch.
    """

    identity: Identity
    validation: Validation
    options: PlanOptions
    batch: BatchRecord
    found: BatchSummary | None
    states: Mapping[OrderState, int]
    orders: tuple[Order, ...]
    to_send: tuple[Order, ...]
    generation: int = 0
    rows: tuple[PlannedRow, ...] = ()
    choice: Choice | None = None

    @property
    def skipped(self) -> Mapping[int, EarlierOrder]:
        """Rows left out because they were sent before -> the order that they repeat."""
        return self.choice.skipped if self.choice else {}

    @property
    def withdrawals(self) -> Mapping[str, tuple[int, ...]]:
        """Other batches -> their rows, never sent, that this one sends in their place."""
        return self.choice.withdrawals if self.choice else {}

    @property
    def is_new(self) -> bool:
        """Say whether the batch is still to be added."""
        return self.found is None

    @property
    def withdrawn(self) -> int:
        """How many rows of other batches this one sends in their place."""
        return sum(map(len, self.withdrawals.values()))


def draft(
    journal: Journal,
    identity: Identity,
    validation: Validation,
    options: PlanOptions,
    *,
    encode: Callable[[Order, str], str],
    now: datetime,
) -> Draft:
    """Find the batch of a sheet, or draw up the one that would be added.

    Looks at the journal in short transactions and writes nothing, so that nobody waits for it.

    Args:
        encode: from an order and its client ID to the exact text that will be sent.

    Raises:
        GateError: rows were sent before, or an earlier batch must be finished first.
    """
    login = identity.login
    look = journal.looking(url=login.url, org=login.org, user=login.user)
    earlier = look.generations(identity.content)
    if earlier and options.duplicates is not Duplicates.SEND:
        return _standing(journal, identity, validation, options, earlier[-1])
    if earlier:
        require_sent(earlier[-1])
    generation = len(earlier) + 1
    choice = choose(look, identity, validation, options, generation, now)
    rows = tuple(_planned_rows(validation, choice, encode))
    leaving = {row.row for row in rows if row.state is OrderState.PLANNED}
    to_send = tuple(order for order in validation.orders if order.row in leaving)
    sheet = validation.sheet
    return Draft(
        identity=identity,
        validation=validation,
        options=options,
        batch=BatchRecord(
            batch_id=identity.batch_id(generation),
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
        found=None,
        states=Counter(row.state for row in rows),
        orders=to_send,
        to_send=to_send,
        generation=generation,
        rows=rows,
        choice=choice,
    )


def _standing(
    journal: Journal,
    identity: Identity,
    validation: Validation,
    options: PlanOptions,
    found: BatchSummary,
) -> Draft:
    sent: list[Order] = []
    to_send: list[Order] = []
    for record in journal.orders(found.batch.batch_id):
        if record.order is not None and record.state is not OrderState.SKIPPED:
            sent.append(record.order)
            # What was claimed by a process that died may prove to be unsent.
            if record.state in (OrderState.PLANNED, OrderState.SENDING):
                to_send.append(record.order)
    return Draft(
        identity=identity,
        validation=validation,
        options=options,
        batch=found.batch,
        found=found,
        states=found.states,
        orders=tuple(sent),
        to_send=tuple(to_send),
    )


def choose(
    look: Looking,
    identity: Identity,
    validation: Validation,
    options: PlanOptions,
    generation: int,
    now: datetime,
) -> Choice:
    """Decide about each row: under which client ID it leaves, or why it does not.

    Raises:
        GateError: rows were sent before, or will be by another batch, or an ID is not free.
    """
    orders = validation.orders
    name = identity.batch_id(generation)
    if look.is_taken(name):
        raise GateError(
            f"batch {name}: expected a free ID, found other content under it. Change any cell "
            "that is not sent (a note) and submit again."
        )
    rows = [order.row for order in orders]
    prints = dict(zip(rows, fingerprints(orders), strict=True))
    wanted = {order.row: _client_order_id(order, name, options) for order in orders}
    _refuse_equal_ids(wanted)
    found = look.earlier_orders(fingerprints=prints.values(), client_order_ids=wanted.values())
    used = {order.client_order_id for order in found}
    later = _sent_with_suffix(look, [id_ for id_ in wanted.values() if id_ in used])
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
    return Choice(
        client_order_ids=client_order_ids,
        fingerprints=prints,
        skipped=skipped,
        withdrawals={other: tuple(sorted(planned)) for other, planned in withdrawals.items()},
    )


def require_sent(latest: BatchSummary) -> None:
    """Make sure that a batch has left before its sheet is sent once more.

    Raises:
        GateError: some of its rows have not, or nobody knows whether they have.
    """
    pending = sum(latest.states.get(state, 0) for state in (OrderState.PLANNED, OrderState.SENDING))
    if pending:
        raise GateError(
            f"batch {latest.batch.batch_id}: expected it to be sent before it is sent again, found "
            f"{pending} rows that are not. Finish it first: "
            f"orderbatch resume {latest.batch.batch_id}"
        )


def _planned_rows(
    validation: Validation, choice: Choice, encode: Callable[[Order, str], str]
) -> list[PlannedRow]:
    orders = {order.row: order for order in validation.orders}
    problems = _by_row(validation.problems)

    def planned(row: Row) -> PlannedRow:
        order = orders.get(row.number)
        if order is None:
            return PlannedRow(
                row.number, row.values, OrderState.INVALID, message=problems.get(row.number, "")
            )
        client_order_id = choice.client_order_ids[order.row]
        earlier = choice.skipped.get(order.row)
        return PlannedRow(
            row=row.number,
            values=row.values,
            state=OrderState.SKIPPED if earlier else OrderState.PLANNED,
            order=order,
            client_order_id=client_order_id,
            payload=encode(order, client_order_id),
            fingerprint=choice.fingerprints[order.row],
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


def _sent_with_suffix(look: Looking, ids: list[str]) -> list[EarlierOrder]:
    """Give the orders that were planned under one of these IDs and a suffix."""
    found: list[EarlierOrder] = []
    for first in itertools.count(2, SUFFIXES_AT_ONCE):
        numbers = range(first, first + SUFFIXES_AT_ONCE)
        stems = {f"{id_}{SUFFIX}{number}": id_ for id_ in ids for number in numbers}
        more = look.earlier_orders(client_order_ids=stems)
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


def find_batch(
    journal: Journal, validation: Validation, *, login: Login, clock: Clock
) -> BatchSummary | None:
    """Give the newest batch of a sheet's content; None when it was never submitted."""
    look = journal.looking(url=login.url, org=login.org, user=login.user)
    earlier = look.generations(identify(validation.sheet, login).content)
    return earlier[-1] if earlier else None


def plan(
    journal: Journal,
    validation: Validation,
    *,
    login: Login,
    options: PlanOptions,
    encode: Callable[[Order, str], str],
    clock: Clock,
    dry_run: bool = False,
) -> Planned:
    """Identify, draft and commit at once."""
    from batch.plan.commit import commit, planned

    now = clock.now()
    identity = identify(validation.sheet, login)
    drafted = draft(journal, identity, validation, options, encode=encode, now=now)
    return planned(drafted) if dry_run else commit(journal, drafted, now)
