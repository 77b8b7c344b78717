"""The gates as a command meets them: options and settings, all failures told at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from batch.config import LimitSettings
from batch.desk.approving import is_approval_required, proven_approver
from batch.desk.conditions import (
    closed_market,
    how_to_release,
    standing_stops,
    stopped_by,
    unmet_companion,
)
from batch.desk.options import GateOptions
from batch.desk.session import Session
from batch.desk.verdict import WrongUsage
from batch.errors import Advice, GateError, Hint, hint
from batch.journal import Journal, Looking
from batch.model import BatchRecord, Login, Order
from batch.plan.approval import approval_code, approvals, same_code
from batch.plan.day import exceeded_day
from batch.plan.draft import Draft
from batch.plan.duplicates import Duplicates
from batch.plan.gates import (
    Expectations,
    Rates,
    ask_rates,
    exceeded_limits,
    outside_collar,
    unmet_expectations,
)
from batch.states import OrderState


def refuse_contradictions(gates: GateOptions, *, simulated: bool) -> None:
    """Refuse what contradicts itself about gates.

    Raises:
        WrongUsage: it does.
    """
    currencies = [currency for currency, _ in gates.expect_totals]
    if len(set(currencies)) < len(currencies):
        raise WrongUsage("expected totals: expected each currency once.")
    if gates.approved and simulated:
        raise WrongUsage("an approval is for a real venue; leave its code out to practise.")
    if gates.approved_by and not gates.approved:
        raise WrongUsage(
            "the approver's name says who gave an approval code, and there is no code; add it."
        )


def pass_gates(
    session: Session,
    journal: Journal,
    drafts: Sequence[Draft],
    waiting: Sequence[Draft],
    options: GateOptions,
    open_venue: Callable[[], Rates],
) -> None:
    """Hold sheets against all gates before anything of them is sent.

    All of them speak of exactly what a batch sends, and has sent before: no row that is invalid or
    left out.

    Args:
        drafts: of all sheets of the command, for what is expected of them together.
        waiting: those with rows to send.
        open_venue: logs in; called only for a collar.

    Raises:
        GateError: names every gate that was not passed, with the figures.
        VenueError: the venue that must be asked for rates is out of reach.
    """
    if not waiting:
        return
    orders = [order for one in drafts for order in one.orders]
    expected = Expectations(options.expect_rows, dict(options.expect_totals))
    stops = standing_stops(journal, [o.found.batch.batch_id for o in waiting if o.found])
    failed, advice = stopped_by(stops), how_to_release(stops)
    failed += [*closed_market(session), *unmet_expectations(orders, expected)]
    for one in drafts:
        failed += unmet_companion(one.validation)
    limits = _limits(session, options)
    lacks_approval = False
    for one in waiting:
        mark = f"{one.validation.sheet.path.name}, " if len(drafts) > 1 else ""
        found = exceeded_limits(one.orders, limits, session.clock.now())
        unapproved = _missing_approval(session, journal, one, options)
        failed += [mark + words for words in (*found, *unapproved.words)]
        lacks_approval = lacks_approval or unapproved.is_lacking
    new = [order for one in waiting if one.is_new for order in one.to_send]
    failed += exceeded_today(session, new, journal.looking(session.login()) if new else None)
    to_send = [order for one in waiting for order in one.to_send]
    failed += _outside_collar(session, to_send, limits, open_venue)
    if failed:
        names = ", ".join(one.validation.sheet.path.name for one in drafts)
        begun = _begun(waiting)
        advice += [hint(Advice.FOLLOW_SENT, *begun)] if begun else []
        if lacks_approval:
            signed = session.settings.approval.allowed_signers is not None
            advice.append(Hint(Advice.APPROVE if signed else Advice.GIVE_APPROVAL))
        more = "more " if begun else ""
        raise GateError(f"{_refusal(names, failed)}\nNothing {more}was sent.", advice=advice)


def held_back_by(
    session: Session, journal: Journal, batch: BatchRecord, venue: Rates
) -> GateError | None:
    """Hold the rows that a batch has not sent yet against the settings, which may be new.

    A resume sends rows, too, and later than anybody thought: the cut-off may have passed, and the
    market may have moved.
    """
    orders: list[Order] = []
    waiting: list[Order] = []
    for record in journal.orders(batch.batch_id):
        if record.order is None or record.state in (OrderState.INVALID, OrderState.SKIPPED):
            continue
        orders.append(record.order)
        if record.state is OrderState.PLANNED:
            waiting.append(record.order)
    if not waiting:
        return None
    limits = session.settings.limits
    failed = exceeded_limits(orders, limits, session.clock.now())
    stops = standing_stops(journal, [batch.batch_id])
    failed += [*stopped_by(stops), *closed_market(session)]
    if (began := session.day_with_limits()) is not None:
        login = Login.of(batch.venue_url, batch.org, batch.user)
        spent = journal.looking(login).spent_since(began)
        counted = batch.created_at >= began
        failed += exceeded_day(waiting, spent, limits.per_day, counted=counted)
    failed += _outside_collar(session, waiting, limits, lambda: venue)
    approval = session.settings.approval
    needed = not session.simulated and is_approval_required(approval, orders)
    if needed and not approvals(journal, batch.batch_id):
        failed.append("approval: expected one in the batch's history, found none")
    if not failed:
        return None
    return GateError(_refusal(f"batch {batch.batch_id}", failed), advice=how_to_release(stops))


def exceeded_today(session: Session, orders: Sequence[Order], look: Looking | None) -> list[str]:
    """Hold orders of new batches together against the day's limits.

    Args:
        look: at what their scope has sent; None where nothing can have been.

    Returns:
        A sentence with figures for each limit that would be exceeded.
    """
    began = session.day_with_limits()
    if began is None or not orders:
        return []
    spent = () if look is None else look.spent_since(began)
    return exceeded_day(orders, spent, session.settings.limits.per_day)


def _limits(session: Session, options: GateOptions) -> LimitSettings:
    """Give the settings' limits, which an option can only narrow."""
    limits = session.settings.limits
    return limits.model_copy(
        update={
            "max_rows": _least((limits.max_rows, options.max_rows)),
            "collar": _least((limits.collar, options.collar)),
        }
    )


def _least(values: Collection[Any]) -> Any:
    return min((value for value in values if value is not None), default=None)


def _outside_collar(
    session: Session,
    orders: Sequence[Order],
    limits: LimitSettings,
    open_venue: Callable[[], Rates],
) -> list[str]:
    if limits.collar is None:
        return []
    rates = ask_rates(open_venue(), (order.symbol for order in orders), session.clock)
    return outside_collar(orders, limits.collar, rates)


@dataclass(frozen=True, slots=True)
class _Unapproved:
    """Why an approval is not there or does not hold.

    Attributes:
        is_lacking: another one would do; False where something else is in its way.
    """

    words: tuple[str, ...] = ()
    is_lacking: bool = False


_APPROVED = _Unapproved()


def _lacking(expected: str, found: str) -> _Unapproved:
    return _Unapproved((f"approval: expected {expected}, found {found}",), is_lacking=True)


def _missing_approval(
    session: Session, journal: Journal, one: Draft, options: GateOptions
) -> _Unapproved:
    if not options.approved:
        return _missing_signature(session, one)
    if one.validation.problems:
        words = "approval: expected a sheet without problems, found one that no code stands for"
        return _Unapproved((words,))
    again = one.options.duplicates is Duplicates.SEND
    code = approval_code(one.validation, one.identity, again=again)
    if not any(same_code(code, given) for given in options.approved):
        key = one.identity.run_key
        run = f"run key {key}" if key else "no run key"
        once_more = ", for sending it once more" if again else ""
        return _lacking(
            "the code of exactly this content, as it is read now, for this venue, org and user "
            f"and {run}{once_more}",
            ", ".join(options.approved),
        )
    before = one.repeats
    if before is not None and any(code in words for words in approvals(journal, before)):
        return _lacking("one that was not used", f"{code}, on which batch {before} was sent")
    return _APPROVED


def _missing_signature(session: Session, one: Draft) -> _Unapproved:
    if session.simulated:
        return _APPROVED
    again = one.options.duplicates is Duplicates.SEND
    try:
        if proven_approver(session, one.validation, one.identity, again=again) is not None:
            return _APPROVED
    except GateError as error:
        return _Unapproved((f"approval: {error}",))
    if not is_approval_required(session.settings.approval, one.orders):
        return _APPROVED
    return _lacking("the approval code of exactly this content", "none")


def _refusal(name: str, failed: Sequence[str]) -> str:
    lines = "\n".join(f"  {words}" for words in failed)
    return f"{name}: expected to pass every gate, found {len(failed)} in the way:\n{lines}"


def _begun(waiting: Sequence[Draft]) -> list[str]:
    """Give the batches of which an earlier run has sent something."""
    return [
        one.found.batch.batch_id
        for one in waiting
        if one.found and any(state is not OrderState.PLANNED for state in one.found.states)
    ]
