"""JSON whose numbers keep every digit, and headers that hold times; nothing is guessed.

Numbers become `Decimal` straight from their text, so no digit passes through a float.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from urllib3 import HTTPHeaderDict

from batch.escaping import shown
from batch.venue.http.redaction import redact_values
from batch.venue.http.transport import Reply

MOST_VALUES = 3_000_000
"""Values in an answer, an object as two more: 130,000 active orders have 20 each. A list of 60
million numbers, which is no longer in bytes, would take a minute and gigabytes."""

# Far more than any amount or price has; text beyond it would become a number of gigabytes.
_MAX_NUMBER_LENGTH = 64
_MAX_EXPONENT = 40


class Misfit(Exception):
    """The answer is not what the API describes. The text says what was found."""


def read_json(reply: Reply) -> object:
    """Read the body as JSON, numbers as `Decimal`, and texts without what must not be shown.

    Raises:
        Misfit: the body did not arrive whole, has more values than any answer, or is not JSON.
    """
    if reply.body is None:
        raise Misfit(reply.flaw)
    if not reply.body:
        raise Misfit("an empty answer")
    # Between any two values stands a comma; those within texts are few.
    if reply.body.count(b",") + 2 * reply.body.count(b"{") > MOST_VALUES:
        raise Misfit(f"an answer of more than {MOST_VALUES:,} values")
    redact = reply.redact
    kind, _, parameters = reply.headers.get("Content-Type", "no content type").partition(";")
    for text in _texts(reply.body, parameters):
        with suppress(ValueError, RecursionError):
            data = json.loads(
                text,
                parse_float=_exact_or_odd,
                parse_int=_exact_or_odd,
                parse_constant=Odd,
                # Names, too: whoever echoes a request may make fields of it.
                object_pairs_hook=lambda pairs: {
                    redact(name): redact_values(value, redact) for name, value in pairs
                },
            )
            return redact_values(data, redact)
    raise Misfit(f"an answer that is not readable JSON ({shown(redact(kind))})")


def _texts(body: bytes, parameters: str) -> Iterator[str]:
    """Give what the body may say, the likeliest first.

    A letter that cannot be read spoils the word that it stands in, and no order ID beside it.
    """
    declared = re.search(r"charset=\"?([A-Za-z0-9_.:-]+)", parameters)
    for charset in ("utf-8-sig", *(declared.groups() if declared else ())):
        with suppress(ValueError, LookupError):
            yield body.decode(charset)
    yield body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Odd:
    """A value that is no number of any sense: NaN, or one of a million digits."""

    text: str


def _exact_or_odd(text: str) -> Decimal | Odd:
    try:
        return exact(text)
    except (ValueError, ArithmeticError):
        return Odd(text[:_MAX_NUMBER_LENGTH])


def exact(text: str) -> Decimal:
    """Read a number of sensible size.

    Raises:
        ValueError, InvalidOperation: it is none.
    """
    if len(text) > _MAX_NUMBER_LENGTH:
        raise ValueError("a number that is too long")
    number = Decimal(text)
    if number and abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError("a number that is out of any range")
    return number


def retry_after_s(headers: HTTPHeaderDict, now: datetime) -> float | None:
    """Read Retry-After, as seconds or as a date.

    Args:
        now: stands in where the answer has no Date of its own; a date is otherwise taken
            relative to the venue's clock, because ours may be wrong.

    Returns:
        Seconds from now, never below 0; None where the venue named none that can be read.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", text):
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max(0.0, (until - (server_time(headers) or now)).total_seconds())


def server_time(headers: HTTPHeaderDict) -> datetime | None:
    """Give the Date of an answer, to the second; None where it has none that can be read."""
    return _date(headers.get("Date", ""))


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
