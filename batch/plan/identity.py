"""What makes a batch this batch and a row this row, across runs and copies of a sheet."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batch.model import Login, Order, Sheet

__all__ = [
    "Identity",
    "Login",
    "batch_id",
    "content_hash",
    "fingerprint",
    "fingerprints",
    "identify",
]

BATCH_ID_LENGTH = 8
"""Characters of base 32: short enough to type, and 40 bits are enough for one desk's sheets."""

PORTION = 1000
"""So many rows are hashed at once."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a batch is, whatever file its sheet came in: made once a sheet, by `identify`.

    Attributes:
        content: the hash of the sheet's cells under this login.
        run_key: which run of this content it is; empty where none was named.
    """

    login: Login
    content: str
    run_key: str = ""

    def batch_id(self, generation: int) -> str:
        """Give the ID of the batch that sends this for the so manieth time."""
        return batch_id(self.content, generation, self.run_key)


def identify(sheet: Sheet, login: Login, run_key: str = "") -> Identity:
    """Say what a sheet's batch is; reads through all of its cells."""
    return Identity(login, content_hash(sheet, login), run_key)


def content_hash(sheet: Sheet, login: Login) -> str:
    """Hash exactly what makes a batch: the sheet's cells, the venue URL, the org and the user.

    The file's name and format do not count, so a copy is the same batch. What is hashed is the JSON
    text of a list of three: the login, the headers, and the rows, each with its number.
    """
    head = _json([[login.url, login.org, login.user], [column.header for column in sheet.columns]])
    digest = hashlib.sha256(f"{head[:-1]},[".encode())
    # The text of all rows in one piece would take as much memory as the rows.
    for start in range(0, len(sheet.rows), PORTION):
        rows = [[row.number, *row.values] for row in sheet.rows[start : start + PORTION]]
        digest.update(f"{',' if start else ''}{_json(rows)[1:-1]}".encode())
    digest.update(b"]]")
    return digest.hexdigest()


def _json(content: Sequence[object]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def batch_id(content: str, generation: int, run_key: str = "") -> str:
    """Make the short ID of a batch from its content's hash; `.2` and up when sent again."""
    if run_key:
        content = hashlib.sha256(f"{content} {run_key}".encode()).hexdigest()
    letters = base64.b32encode(bytes.fromhex(content)).decode().lower()[:BATCH_ID_LENGTH]
    return letters if generation == 1 else f"{letters}.{generation}"


def fingerprint(order: Order) -> str:
    """Give the hash of all that is sent of an order but its client ID; equal orders share it."""
    return hashlib.sha256(json.dumps(order.terms().texts()).encode()).hexdigest()[:40]


def fingerprints(orders: Iterable[Order]) -> list[str]:
    """Give each order its fingerprint."""
    return [fingerprint(order) for order in orders]
