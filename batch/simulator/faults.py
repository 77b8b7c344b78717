"""The script of faults: what goes wrong, where, and how often. Side module."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from batch.errors import ConfigError

FAULT_HELP = """\
KIND[=VALUE]:OPERATION[:SELECTOR...], for example drop-reply:place:2%

KIND, when the request is not processed:
  reset-before, drop-before     the connection is reset, or closed, without an answer
  status=503 (or just 503)      any status, with an error object; 401 and 429 are among them
  bare-status=403               the same without an error object
  retry-after=5                 429 with Retry-After: 5; also 999999, or date+5 for an HTTP date
  redirect=307                  redirected to the URL of the selector location=
  not-found[=2.5]               a query answers 404; with a value only while the order is younger
KIND, when the request is processed as usual:
  delay-before=3, delay=3       the answer is late by so many seconds; before or after processing
  late=30                       the order is taken that much later; the answer comes then, too
  drop-reply, reset-after       the connection is closed, or reset, without an answer
  status-after=500              an error object in place of the answer
  html                          a web page in place of the answer
  cut                           half of the body, then the connection is closed
  drip=1                        the body comes a byte at a time, so many seconds apart
  no-order-id, other-client-id  the answer lacks the server ID, or names another order
  unknown-status[=HALTED]       a status that is not published
  other-price                   the order that is shown has another price

OPERATION: login, renew, place, query (by server ID), find (by client ID), active, cancel, rate,
  or any

SELECTOR:
  2%                            with this probability, from a fixed seed (seed=7: another one)
  first=3, nth=4, every=10      only the first 3, only the 4th, every 10th such request
  after=5                       not the first 5
  id=TEXT                       only orders with TEXT in their client ID
  per-order                     first, nth, every and after count for each client ID on its own
  location=URL                  for redirect; takes the rest of the text, so it comes last
"""


class FaultKind(StrEnum):
    """What can go wrong; see `FAULT_HELP`."""

    RESET_BEFORE = "reset-before"
    DROP_BEFORE = "drop-before"
    STATUS = "status"
    BARE_STATUS = "bare-status"
    RETRY_AFTER = "retry-after"
    REDIRECT = "redirect"
    NOT_FOUND = "not-found"
    DELAY_BEFORE = "delay-before"
    DELAY = "delay"
    LATE = "late"
    DROP_REPLY = "drop-reply"
    RESET_AFTER = "reset-after"
    STATUS_AFTER = "status-after"
    HTML = "html"
    CUT = "cut"
    DRIP = "drip"
    NO_ORDER_ID = "no-order-id"
    OTHER_CLIENT_ID = "other-client-id"
    UNKNOWN_STATUS = "unknown-status"
    OTHER_PRICE = "other-price"


K = FaultKind

OPERATIONS = frozenset({"login", "renew", "place", "query", "find", "active", "cancel", "rate"})
"""What a request asks for; `any` stands for all of them."""

SERVER_DATE = "date+"
"""Before seconds in a `Retry-After`: an HTTP date that much later by the server's clock."""

_STATUS_KINDS = frozenset({K.STATUS, K.BARE_STATUS, K.STATUS_AFTER, K.REDIRECT})
_SECONDS_KINDS = frozenset({K.DELAY_BEFORE, K.DELAY, K.LATE, K.DRIP})
_VALUE_KINDS = _STATUS_KINDS | _SECONDS_KINDS | {K.RETRY_AFTER}
_OPTIONAL_VALUE_KINDS = frozenset({K.NOT_FOUND, K.UNKNOWN_STATUS})


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the script.

    Attributes:
        operation: one of `OPERATIONS`, or `any`.
        value: the kind's own value as text: a status, seconds, a `Retry-After`.
        count: strike at most so often; None without end.
        after: let so many such requests pass first.
        every: from then on strike each so-manieth.
        probability: of striking a request that the rest selects.
        seed: of the random numbers behind `probability`.
        client_id: strike only orders with this text in their client ID.
        per_order: count each client ID on its own.
        location: the target of a redirect.
    """

    kind: FaultKind
    operation: str = "any"
    value: str = ""
    count: int | None = None
    after: int = 0
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    client_id: str = ""
    per_order: bool = False
    location: str = ""

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS | {"any"}:
            raise _wrong(self.operation, "any, " + ", ".join(sorted(OPERATIONS)))
        if self.every < 1 or self.after < 0:
            raise _wrong(f"every={self.every}, after={self.after}", "positions that count from 1")
        if not 0 <= self.probability <= 1:
            raise _wrong(f"{self.probability:%}", "a probability from 0% to 100%")
        if self.kind is K.REDIRECT and not self.location:
            raise _wrong(self.kind, "the selector location=URL")
        self._check_value()

    def _check_value(self) -> None:
        if self.kind in _VALUE_KINDS and not self.value:
            raise _wrong(self.kind, f"a value, as in {self.kind}=5")
        if self.value and self.kind not in _VALUE_KINDS | _OPTIONAL_VALUE_KINDS:
            raise _wrong(f"{self.kind}={self.value}", f"{self.kind} without a value")
        if self.kind in _STATUS_KINDS and not (
            self.value.isascii() and self.value.isdigit() and 200 <= int(self.value) <= 599
        ):
            raise _wrong(self.value, "an HTTP status from 200 to 599")
        is_date = self.kind is K.RETRY_AFTER and self.value.startswith(SERVER_DATE)
        is_age = self.kind is K.NOT_FOUND and self.value
        if self.kind in _SECONDS_KINDS or is_age or is_date:
            try:
                seconds = float(self.value.removeprefix(SERVER_DATE))
            except ValueError:
                seconds = -1.0
            if not 0 <= seconds < float("inf"):
                raise _wrong(self.value, "seconds")

    @property
    def status(self) -> int:
        """The value as an HTTP status."""
        return int(self.value)

    @property
    def seconds(self) -> float:
        """The value as seconds."""
        return float(self.value)


def parse_fault(text: str) -> Fault:
    """Read a line of the script as `FAULT_HELP` describes it.

    Raises:
        ConfigError: it cannot be read.
    """
    head, _, location = text.partition(":location=")
    what, *rest = head.split(":")
    kind, _, value = what.partition("=")
    if len(kind) == 3 and kind.isascii() and kind.isdigit():
        kind, value = "status", kind
    operation, selectors = (rest[0], rest[1:]) if rest else ("any", [])
    choices: dict[str, Any] = {}
    for selector in selectors:
        choices |= _selection(selector)
    if kind not in set(FaultKind):
        raise _wrong(kind, "one of " + ", ".join(FaultKind))
    fault = Fault(FaultKind(kind), operation, value, location=location)
    return replace(fault, **choices)


def _selection(selector: str) -> dict[str, float | int | bool | str]:
    name, _, value = selector.partition("=")
    try:
        if selector.endswith("%"):
            return {"probability": float(selector[:-1]) / 100}
        if selector == "per-order":
            return {"per_order": True}
        if name == "id" and value:
            return {"client_id": value}
        number = int(value)
    except ValueError:
        number = -1
    if number < 0 or name not in {"first", "nth", "every", "after", "seed"}:
        raise _wrong(selector, "2%, first=N, nth=N, every=N, after=N, seed=N, id=TEXT or per-order")
    match name:
        case "first":
            return {"count": number}
        case "nth":
            return {"count": 1, "after": number - 1}
        case _:
            return {name: number}


def _wrong(found: str, expected: str) -> ConfigError:
    return ConfigError(f'fault: expected {expected}, found "{found}"')


@dataclass(slots=True)
class _Line:
    fault: Fault
    dice: random.Random
    seen: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)

    def strikes(self, subject: str) -> bool:
        """Count a request that the fault is about, and say whether it strikes."""
        fault = self.fault
        key = subject if fault.per_order else ""
        self.seen[key] += 1
        turn = self.seen[key] - fault.after
        if turn < 1 or turn % fault.every:
            return False
        if fault.count is not None and self.struck[key] >= fault.count:
            return False
        if fault.probability < 1 and self.dice.random() >= fault.probability:
            return False
        self.struck[key] += 1
        return True


class FaultScript:
    """The faults of one venue; thread-safe. The first line that strikes a request wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: tuple[_Line, ...] = ()

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, fault: Fault) -> None:
        """Add a line at the end."""
        with self._lock:
            self._lines = (*self._lines, _Line(fault, random.Random(fault.seed)))

    def clear(self) -> None:
        """Drop every line: from now on nothing goes wrong."""
        with self._lock:
            self._lines = ()

    def strike(self, operation: str, subject: str) -> Fault | None:
        """Choose what goes wrong with a request.

        Args:
            subject: the client ID that the request is about; empty for none.
        """
        with self._lock:
            for line in self._lines:
                fault = line.fault
                if fault.operation not in {"any", operation} or fault.client_id not in subject:
                    continue
                if line.strikes(subject):
                    return fault
        return None
