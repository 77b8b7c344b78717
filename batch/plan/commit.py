"""From a draft to a batch in the journal: one write transaction a sheet, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from batch.errors import GateError
from batch.journal import BatchSummary, Journal, Planning, WrittenRows
from batch.model import BatchRecord
from batch.plan.day import exceeded_day
from batch.plan.draft import Draft, choose, require_sent
from batch.plan.duplicates import Duplicates
from batch.states import OrderState


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch that stands in the journal.

    Attributes:
        is_new: this commit added it; otherwise it was there before, finished or not.
    """

    batch: BatchRecord
    states: Mapping[OrderState, int]
    is_new: bool


def refuse_shared_rows(drafts: Sequence[Draft]) -> None:
    """Refuse sheets of one command that would send the same order, before any of them is sent.

    Each was drawn up as if it were alone.

    Raises:
        GateError: names the first such row.
    """
    if len(drafts) < 2:
        return
    first: dict[str, tuple[Draft, int]] = {}
    for one in drafts:
        if one.choice is None or one.options.duplicates is Duplicates.SEND:
            continue
        for order in one.to_send:
            other, number = first.setdefault(one.choice.fingerprints[order.row], (one, order.row))
            if other.batch.batch_id != one.batch.batch_id and not _are_two_runs(other, one):
                raise GateError(
                    f"{one.validation.sheet.path.name}, row {order.row}: expected orders that no "
                    f"other sheet of this command sends, found that of row {number} of "
                    f"{other.validation.sheet.path.name}. Nothing was sent. Submit one sheet after "
                    "the other."
                )


def _are_two_runs(one: Draft, other: Draft) -> bool:
    keys = (one.identity.run_key, other.identity.run_key)
    return keys[0] != keys[1] and all(keys)


def commit(journal: Journal, draft: Draft, now: datetime) -> Planned:
    """Add the batch of a draft; for one that stands already, do nothing.

    What the draft took for granted is looked at again inside the transaction: another process may
    have planned the same sheet, or an equal row, since; or it has claimed rows that this batch was
    to take over. Otherwise only a batch that was added since can stand in the way: an order becomes
    an exposure by being claimed, and before that it was planned.

    Raises:
        GateError: what would be sent is not what the draft says any more; nothing was added.
        JournalLocked: another process works on a batch whose rows this one would take over.
        JournalError: the plan could not be recorded; nothing was sent.
    """
    if draft.found is not None:
        return Planned(draft.found.batch, draft.found.states, is_new=False)
    login = draft.identity.login
    with ExitStack() as held:
        for other in draft.withdrawals:
            # Nobody may be sending these rows just now; held until the plan is committed.
            held.enter_context(journal.hold(other, now))
        # Before the planning, while others may still record what they learn.
        rows = WrittenRows(draft.batch.batch_id, draft.rows())
        with journal.planning(login, now) as planning:
            meanwhile = _meanwhile(planning, draft)
            if meanwhile is None:
                _refuse_change(planning, draft, now)
                _refuse_day(planning, draft)
                _add(planning, draft, rows)
    if meanwhile is None:
        return Planned(draft.batch, draft.states, is_new=True)
    _refuse_other_payloads(journal, draft, meanwhile.batch.batch_id)
    return Planned(meanwhile.batch, meanwhile.states, is_new=False)


def _meanwhile(planning: Planning, draft: Draft) -> BatchSummary | None:
    """Give the batch of the same content that another process has planned since the draft."""
    generations = planning.generations(draft.identity.content, draft.identity.run_key)
    if len(generations) < draft.generation:
        return None
    latest = generations[-1]
    if draft.options.duplicates is Duplicates.SEND and not draft.options.once:
        require_sent(latest)
        raise GateError(
            f"batch {latest.batch.batch_id}: expected to be the only process that sends this sheet "
            "once more, found that another one has sent it since this one looked. Nothing was sent "
            "by this one."
        )
    return latest


def _refuse_other_payloads(journal: Journal, draft: Draft, batch_id: str) -> None:
    """Make sure that what another process has planned is what was checked here."""
    checked = {row.row: row.payload for row in draft.rows()}
    other = [o.row for o in journal.orders(batch_id) if o.payload != checked.get(o.row)]
    if other:
        raise GateError(
            f"batch {batch_id}: expected to be the only process that reads this sheet, found that "
            "another one has planned it since this one looked, with other orders in "
            f"{len(other):,} rows, row {other[0]} the first. Nothing was sent by this one."
        )


def _refuse_change(planning: Planning, draft: Draft, now: datetime) -> None:
    if planning.batch_count() == draft.batch_count and not draft.withdrawals:
        return
    found = choose(planning, draft.identity, draft.validation, draft.options, draft.generation, now)
    before = draft.choice
    assert before is not None
    if (found.client_order_ids, found.skipped.keys(), found.withdrawals) != (
        before.client_order_ids,
        before.skipped.keys(),
        before.withdrawals,
    ):
        raise GateError(
            f"batch {draft.batch.batch_id}: expected the journal as it was when the sheet was "
            "checked, found that equal orders were planned or sent by another process since. "
            "Nothing was sent. Submit the sheet again."
        )


def _refuse_day(planning: Planning, draft: Draft) -> None:
    """Hold the day's limits where nobody else plans meanwhile, so that two cannot pass together."""
    began = draft.options.day_began
    if began is None:
        return
    failed = exceeded_day(draft.to_send, planning.spent_since(began), draft.options.per_day)
    if failed:
        raise GateError(
            f"batch {draft.batch.batch_id}: expected to stay within the day's limits, found "
            f"{'; '.join(failed)}. Nothing was sent."
        )


def _add(planning: Planning, draft: Draft, rows: WrittenRows) -> None:
    batch = draft.batch
    for other, withdrawn in draft.withdrawals.items():
        words = f"withdrawn before it was sent: batch {batch.batch_id} sends it in its place"
        planning.withdraw(other, withdrawn, detail=words, message=words)
    planning.add(
        batch,
        content_hash=draft.identity.content,
        generation=draft.generation,
        rows=rows,
        detail=f"{batch.row_count} rows of {draft.validation.sheet.path.name}, "
        f"{len(draft.skipped)} already sent",
    )
