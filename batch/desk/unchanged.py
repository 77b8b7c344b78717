"""What leaves is what was planned: each row is held against itself once more. Part of `desk`."""

from __future__ import annotations

from batch.journal import Placing
from batch.plan.identity import fingerprint
from batch.venue import encode_order


def differs(placing: Placing) -> str:
    """Say how a row that is about to leave differs from what was planned; "" if it does not.

    The journal is a file, and between the plan and the claim somebody may have changed it. What
    makes the payload makes it again from the terms, and these have the hash that they had.
    """
    try:
        again = encode_order(placing.order, placing.client_order_id)
    except ValueError as error:
        again = str(error)
    if placing.payload != again:
        return _words(placing.row, again, placing.payload)
    if placing.fingerprint != fingerprint(placing.order):
        return _words(placing.row, "the terms that it was planned with", placing.payload)
    return ""


def _words(row: int, expected: str, found: str) -> str:
    return (
        f"row {row}: expected {expected} in the journal, found {found}: somebody has changed it "
        "since the row was planned. Nothing of it was sent; find out who writes into the journal, "
        "and go on from a backup that is as it was"
    )
