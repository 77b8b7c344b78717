"""The durable record of what was planned, claimed, sent and learnt. Layer 2; the only SQL.

Nothing leaves for the venue before its claim is committed here, and no transaction is held while
anything travels.
"""

from batch.journal.actor import actor
from batch.journal.cancelling import CancelRequest
from batch.journal.holding import Hold
from batch.journal.looking import Looking
from batch.journal.planning import Planning, WrittenRows
from batch.journal.records import BatchSummary, Change, EarlierOrder, PlannedRow
from batch.journal.sqlite.files import files_of
from batch.journal.stopping import Stop
from batch.journal.store import Journal

__all__ = [
    "BatchSummary",
    "CancelRequest",
    "Change",
    "EarlierOrder",
    "Hold",
    "Journal",
    "Looking",
    "PlannedRow",
    "Planning",
    "Stop",
    "WrittenRows",
    "actor",
    "files_of",
]
