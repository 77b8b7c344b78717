"""Four eyes: a code that stands for exactly one sheet's orders at exactly one login."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from batch.clock import Clock
from batch.model import Order, Validation
from batch.plan.identity import Identity
from batch.states import BatchEvent

if TYPE_CHECKING:
    from batch.journal import Journal

_BY = ", approved by "

GROUPS, GROUP_LENGTH = 3, 4
"""60 bits: short enough to read out, and nobody finds another sheet with the same code."""


def approval_content(validation: Validation, identity: Identity, *, again: bool = False) -> bytes:
    """Give what an approval is of: everything that would be sent, where, as whom and when.

    It covers the cells, the venue, the org, the user and the run, and every field of every order
    as it was read: another reading of the same cells is something else.

    Args:
        again: for sending what was sent before once more.
    """
    content = [
        identity.content,
        again,
        identity.run_key,
        [_fields(order) for order in validation.orders],
    ]
    return json.dumps(content, ensure_ascii=False).encode()


def approval_code(validation: Validation, identity: Identity, *, again: bool = False) -> str:
    """Give the code for a sheet without problems: it stands for its `approval_content`.

    Args:
        again: the code for sending what was sent before once more.
    """
    digest = hashlib.sha256(approval_content(validation, identity, again=again)).digest()
    letters = base64.b32encode(digest).decode()
    starts = range(0, GROUPS * GROUP_LENGTH, GROUP_LENGTH)
    return "-".join(letters[start : start + GROUP_LENGTH] for start in starts)


def same_code(code: str, other: str) -> bool:
    """Compare two codes as people type them: case, hyphens and spaces do not count."""
    return _plain(code) == _plain(other)


def record_approval(
    journal: Journal, batch_id: str, code: str, approved_by: str | None, clock: Clock
) -> None:
    """Put on record that a batch is sent on this approval; the event says who sends it."""
    words = f"code {code}" + (f"{_BY}{approved_by}" if approved_by else "")
    journal.note(batch_id, BatchEvent.APPROVED, words, clock.now())


def approvals(journal: Journal, batch_id: str) -> list[str]:
    """Give the approvals that a batch's history holds, as they were recorded."""
    return [event.detail for event in journal.events(batch_id, kind=BatchEvent.APPROVED)]


def approver(recorded: str) -> str:
    """Give who approved, from an approval as it was recorded; "" where nobody was named."""
    return recorded.partition(_BY)[2]


def _fields(order: Order) -> list[str]:
    return [str(order.row), order.client_order_id or "", *order.terms().texts()]


def _plain(code: str) -> str:
    return "".join(char for char in code.upper() if char.isalnum())
