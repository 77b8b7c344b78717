"""From a checked sheet to what would be added to the journal: all rows, IDs, exact payloads."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from batch.config import DayLimits
from batch.errors import Advice, ConfigError, GateError, hint
from batch.journal import BatchSummary, EarlierOrder, Journal, Looking, PlannedRow
from batch.model import LONGEST_CLIENT_ORDER_ID, BatchRecord, Login, Order, Problem, Validation
from batch.plan.duplicates import Duplicates, name_of, refuse_reused_ids, refuse_sent
from batch.plan.exposures import LIVE, SENT_WINDOW, SUFFIX, Earlier
from batch.plan.identity import Identity, fingerprints
from batch.plan.reading import refuse_other_reading
from batch.states import OrderState

SUFFIXES_AT_ONCE = 8
"""How many numbers are looked up at once when a used client ID needs another."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the operator and the settings say about the plan.

    Attributes:
        per_day: what all batches of the venue and org may send together in this trading day.
        day_began: when it began.
        duplicates: what to do with rows that were sent before.
        prefix_client_order_id: send `<batch>-<id>` for a sheet's own IDs.
        once: with SEND: the run that sends once more was named, so a retry of it is the same run.
    """

    duplicates: Duplicates = Duplicates.REFUSE
    prefix_client_order_id: bool = False
    simulated: bool = False
    per_day: DayLimits = field(default_factory=DayLimits)
    day_began: datetime | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What is decided about each row of a new batch by what the journal holds."""

    client_order_ids: Mapping[int, str]
    fingerprints: Mapping[int, str]
    skipped: Mapping[int, EarlierOrder]
    withdrawals: Mapping[str, tuple[int, ...]]
    keyless: Mapping[int, EarlierOrder]


@dataclass(frozen=True, slots=True)
class Draft:
    """What one sheet comes to by the journal as it was looked at; nothing of it is written yet.

    The same draft serves the question, the dry run, the gates, the approval and the commit.

    Attributes:
        batch: the batch that stands in the journal, or the one that is to be added.
        found: the batch that stands, with its states; None for one that is to be added.
        generation: which one this is of the batches of this content; for a new one.
        orders: what this batch sends or has sent: no row that is invalid or left out.
        to_send: of these, what is still to leave, or may be.
        encode: from an order and its client ID to the exact text that will be sent.
        choice: what was decided about the rows of a new batch.
        repeats: the batch that a new one sends once more.
        batch_count: how many batches the scope had before the rows were looked for.
    """

    identity: Identity
    validation: Validation
    options: PlanOptions
    batch: BatchRecord
    found: BatchSummary | None
    states: Mapping[OrderState, int]
    orders: tuple[Order, ...]
    to_send: tuple[Order, ...]
    encode: Callable[[Order, str], str]
    generation: int = 0
    choice: Choice | None = None
    repeats: str | None = None
    batch_count: int = 0

    @property
    def skipped(self) -> Mapping[int, EarlierOrder]:
        """Rows left out because they were sent before -> the order that they repeat."""
        return self.choice.skipped if self.choice else {}

    @property
    def keyless(self) -> Mapping[int, EarlierOrder]:
        """Rows that this run's key makes other orders than those sent without one today."""
        return self.choice.keyless if self.choice else {}

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

    def rows(self) -> Iterator[PlannedRow]:
        """Give what is to be added: all rows, with their IDs and exact payloads.

        One after the other, because those of a large sheet take more memory than the sheet; nothing
        for a batch that stands.
        """
        choice = self.choice
        if choice is None:
            return
        problems = _by_row(self.validation.problems)
        orders = iter(self.validation.orders)
        order = next(orders, None)
        for row in self.validation.sheet.rows:
            if order is None or order.row != row.number:
                words = problems.get(row.number, "")
                yield PlannedRow(row.number, row.values, OrderState.INVALID, message=words)
                continue
            client_order_id = choice.client_order_ids[order.row]
            earlier = choice.skipped.get(order.row)
            name = name_of(earlier, self.identity.login.user) if earlier else ""
            yield PlannedRow(
                row=row.number,
                values=row.values,
                state=OrderState.SKIPPED if earlier else OrderState.PLANNED,
                order=order,
                client_order_id=client_order_id,
                payload=self.encode(order, client_order_id),
                fingerprint=choice.fingerprints[order.row],
                message=f"not sent: already sent as {name}" if earlier else "",
            )
            order = next(orders, None)
        if order is not None:
            raise ValueError(f"row {order.row}: an order that is not where its row is")


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
    look = journal.looking(login)
    require_one_spelling(look, login)
    earlier = look.generations(identity.content, identity.run_key)
    while True:
        try:
            return _draw_up(journal, look, identity, validation, options, earlier, encode, now)
        except GateError:
            # Another process may have planned this very sheet between the looks, and its rows are
            # no duplicates then.
            since = look.generations(identity.content, identity.run_key)
            if len(since) == len(earlier):
                raise
            earlier = since


def _draw_up(
    journal: Journal,
    look: Looking,
    identity: Identity,
    validation: Validation,
    options: PlanOptions,
    earlier: Sequence[BatchSummary],
    encode: Callable[[Order, str], str],
    now: datetime,
) -> Draft:
    login = identity.login
    sends_again = options.duplicates is Duplicates.SEND and not options.once
    if earlier and not sends_again:
        _refuse_stale(look, identity, earlier[-1], now)
        return _standing(journal, identity, validation, options, earlier[-1], encode)
    if earlier:
        require_sent(earlier[-1])
    generation = len(earlier) + 1
    count = look.batch_count()
    choice = choose(look, identity, validation, options, generation, now)
    to_send = tuple(order for order in validation.orders if order.row not in choice.skipped)
    sheet = validation.sheet
    states = Counter(
        {
            OrderState.PLANNED: len(to_send),
            OrderState.SKIPPED: len(validation.orders) - len(to_send),
            OrderState.INVALID: len(sheet.rows) - len(validation.orders),
        }
    )
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
            run_key=identity.run_key,
        ),
        found=None,
        states=+states,
        orders=to_send,
        to_send=to_send,
        encode=encode,
        generation=generation,
        choice=choice,
        repeats=earlier[-1].batch.batch_id if earlier else None,
        batch_count=count,
    )


def _standing(
    journal: Journal,
    identity: Identity,
    validation: Validation,
    options: PlanOptions,
    found: BatchSummary,
    encode: Callable[[Order, str], str],
) -> Draft:
    sent: list[Order] = []
    to_send: list[Order] = []
    records = journal.listing(found.batch.batch_id)
    refuse_other_reading(found.batch, records, validation, encode)
    for record in records:
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
        encode=encode,
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
    earlier = Earlier(dict.fromkeys([*found, *later]), identity.run_key, now)
    user = identity.login.user
    refuse_reused_ids(wanted, prints, earlier, options.duplicates, user)
    repeats = earlier.repeated(prints, wanted, again=options.duplicates is Duplicates.SEND)
    refuse_sent(repeats, options.duplicates, user)
    skipped = repeats.sent if options.duplicates is Duplicates.SKIP else {}
    withdrawals: dict[str, set[int]] = {}
    for row, elsewhere in repeats.waiting.items():
        if row not in skipped:
            for order in elsewhere:
                withdrawals.setdefault(order.batch_id, set()).add(order.row)
    client_order_ids = _free_ids(wanted, earlier, skipped, withdrawals)
    _refuse_long_ids(client_order_ids)
    return Choice(
        client_order_ids=client_order_ids,
        fingerprints=prints,
        skipped=skipped,
        withdrawals={other: tuple(sorted(planned)) for other, planned in withdrawals.items()},
        keyless=repeats.keyless,
    )


def require_one_spelling(look: Looking, login: Login) -> None:
    """Make sure that nobody is two people by a capital letter.

    Raises:
        ConfigError: the journal has this login, or this org, in other letters.
    """
    known = look.logins()
    if login in known:
        return
    has_org = any((other.url, other.org) == (login.url, login.org) for other in known)
    for other in known:
        same_org = other.url == login.url and other.org.casefold() == login.org.casefold()
        if login.differs_in_case_alone(other) or (same_org and not has_org):
            raise ConfigError(
                f"settings: expected the login as the journal knows it, {other.user} of "
                f"{other.org} at {other.url}, found {login.user} of {login.org} at {login.url}, "
                "which differs in capital letters alone. Nothing was sent. Write user and org as "
                "the venue does."
            )


def _refuse_stale(look: Looking, identity: Identity, found: BatchSummary, now: datetime) -> None:
    """Refuse a sheet that was sent long ago: a new day's, or a stale file, a person must say."""
    if identity.run_key:
        return
    name = found.batch.batch_id
    last = look.last_event_at(name)
    if last is None or now - last <= SENT_WINDOW:
        return
    is_open = any(found.states.get(state) for state in (OrderState.PLANNED, *LIVE))
    go_on = [hint(Advice.RESUME, name)] if is_open else []
    raise GateError(
        f"batch {name}: expected a sheet that is new, or that was sent in the last 24 hours, found "
        f"one whose batch was last at work at {last:%Y-%m-%d %H:%M:%S} UTC. It may be a standing "
        "sheet of a new day, or a stale file. Nothing was sent.",
        advice=[*go_on, hint(Advice.NAME_RUN), hint(Advice.REPORT_OF, name)],
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
            f"{pending} rows that are not. Nothing was sent.",
            advice=[hint(Advice.FINISH_FIRST, latest.batch.batch_id)],
        )


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
    wanted: Mapping[int, str],
    earlier: Earlier,
    skipped: Mapping[int, EarlierOrder],
    withdrawals: Mapping[str, Collection[int]],
) -> Mapping[int, str]:
    """Give a used client ID that is sent on purpose once more a suffix: `-2`, `-3`, …

    Two orders under one ID could not be told apart when the venue is asked.
    """
    changed: dict[int, str] = {}
    taken: set[str] = set()
    for row, id_ in wanted.items():
        used = earlier.of_id(id_)
        if row in skipped or used is None or used.row in withdrawals.get(used.batch_id, ()):
            continue
        taken = taken or set(wanted.values())
        candidates = (f"{id_}{SUFFIX}{number}" for number in itertools.count(2))
        changed[row] = next(c for c in candidates if c not in taken and earlier.of_id(c) is None)
        taken.add(changed[row])
    return {**wanted, **changed} if changed else wanted


def _by_row(problems: Iterable[Problem]) -> dict[int, str]:
    words: dict[int, list[str]] = {}
    for problem in problems:
        if problem.row is not None:
            words.setdefault(problem.row, []).append(
                f'{problem.column}: expected {problem.expected}, found "{problem.found}"'
            )
    return {row: "; ".join(parts) for row, parts in words.items()}
