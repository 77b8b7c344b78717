"""What makes a batch this batch and a row this row, across runs and copies of a sheet."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from batch.model import Order, Sheet

BATCH_ID_LENGTH = 8
"""Characters of base 32: short enough to type, and 40 bits are enough for one desk's sheets."""

OCCURRENCE = "#"
"""Between a fingerprint's content and its number among equal rows."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whose orders at which venue: orders can only duplicate each other within one login."""

    url: str
    org: str
    user: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What a batch is, whatever file its sheet came in: made once a sheet, by `identify`.

    Attributes:
        content: the hash of the sheet's cells under this login.
    """

    login: Login
    content: str

    def batch_id(self, generation: int) -> str:
        """Give the ID of the batch that sends this for the so manieth time."""
        return batch_id(self.content, generation)


def identify(sheet: Sheet, login: Login) -> Identity:
    """Say what a sheet's batch is; reads through all of its cells."""
    return Identity(login, content_hash(sheet, login))


def content_hash(sheet: Sheet, login: Login) -> str:
    """Hash exactly what makes a batch: the sheet's cells, the venue URL, the org and the user.

    The file's name and format do not count, so a copy is the same batch.
    """
    content = [
        [login.url, login.org, login.user],
        [column.header for column in sheet.columns],
        [[row.number, *row.values] for row in sheet.rows],
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def batch_id(content: str, generation: int) -> str:
    """Make the short ID of a batch from its content's hash; `.2` and up when sent again."""
    letters = base64.b32encode(bytes.fromhex(content)).decode().lower()[:BATCH_ID_LENGTH]
    return letters if generation == 1 else f"{letters}.{generation}"


def fingerprints(orders: Iterable[Order]) -> list[str]:
    """Give each order the hash of all that is sent but the client ID, and its occurrence.

    Numbers count by value: 1.3927 and 1.39270 are the same limit price.
    """
    seen: Counter[str] = Counter()
    result = []
    for order in orders:
        content = hashlib.sha256(json.dumps(order.terms().texts()).encode()).hexdigest()[:40]
        seen[content] += 1
        result.append(f"{content}{OCCURRENCE}{seen[content]}")
    return result


def same_content(fingerprint: str, other: str) -> bool:
    """Say whether two orders differ in nothing but their client ID and their occurrence."""
    return fingerprint.split(OCCURRENCE)[0] == other.split(OCCURRENCE)[0]
