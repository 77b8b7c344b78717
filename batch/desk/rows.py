"""A row that somebody asks for by its number in the sheet."""

from __future__ import annotations

from batch.desk.verdict import WrongUsage
from batch.journal import Journal
from batch.model import BatchRecord, OrderRecord
from batch.report.wording import counted


def order_of_row(
    journal: Journal, batch: BatchRecord, row: int, *, consequence: str = ""
) -> OrderRecord:
    """Give a batch's order in a row of its sheet.

    Args:
        consequence: what was not done for want of it, as a sentence.

    Raises:
        WrongUsage: the batch has no such row.
    """
    record = journal.order(batch.batch_id, row)
    if record is None:
        found = f"{row}. {consequence}" if consequence else f"{row}."
        raise WrongUsage(
            f"batch {batch.batch_id}: expected a row number of its sheet, which has "
            f"{counted(batch.row_count, 'row')} with orders, found {found}"
        )
    return record
