"""The durable record of what was planned, claimed, sent and learnt. Layer 2; the only SQL.

Nothing leaves for the venue before its claim is committed here, and no transaction is held while
anything travels.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Its module has the same name, so that it cannot be looked up when it is asked for.
from batch.journal.actor import actor

if TYPE_CHECKING:
    from batch.journal.cancelling import CancelRequest
    from batch.journal.holding import Hold
    from batch.journal.looking import Looking
    from batch.journal.planning import Planning, WrittenRows
    from batch.journal.records import BatchSummary, Change, EarlierOrder, Placing, PlannedRow
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
    "Placing",
    "PlannedRow",
    "Planning",
    "Stop",
    "WrittenRows",
    "actor",
    "files_of",
]

_MODULES = {
    "BatchSummary": "records",
    "CancelRequest": "cancelling",
    "Change": "records",
    "EarlierOrder": "records",
    "Hold": "holding",
    "Journal": "store",
    "Looking": "looking",
    "Placing": "records",
    "PlannedRow": "records",
    "Planning": "planning",
    "Stop": "stopping",
    "WrittenRows": "planning",
    "files_of": "sqlite.files",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: whoever only wants to know its files does not wait for SQL.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
