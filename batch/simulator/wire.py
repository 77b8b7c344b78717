"""Requests and answers as the simulated venue sees them, and its own JSON. Side module.

Nothing here is shared with `batch.venue`: a misreading of the API must not hide in both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from email.message import Message

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, read to its end.

    Attributes:
        target: path and query as they stood in the request line.
        path: the decoded path.
        query: the decoded query, one value a name.
    """

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes
    http_version: str = "HTTP/1.1"

    @property
    def request_line(self) -> str:
        """The line as the client sent it."""
        return f"{self.method} {self.target} {self.http_version}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `headers` leaves out what the server itself adds."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = JSON_TYPE


class Refusal(Exception):
    """The venue says no, with an error object."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        """Give the refusal as an HTTP answer."""
        return Answer(self.status, error_body(self.code, self.message))


def error_body(code: str, message: str) -> bytes:
    """Write an error object.

    Source: venue-api; the fields of an error object are not published, these are the likeliest.
    """
    return encode({"status": "ERROR", "errorCode": code, "errorMessage": message})


def encode(value: object) -> bytes:
    """Write a value as JSON, with decimals digit for digit."""
    return encode_text(value).encode()


def encode_text(value: object) -> str:
    """Write a value as JSON text, with decimals digit for digit."""
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return "{" + encode_members(value) + "}"
        case list():
            return "[" + ", ".join(encode_text(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def encode_members(members: Mapping[str, object]) -> str:
    """Write the inside of a JSON object, so that it can be joined with other members."""
    return ", ".join(
        f"{json.dumps(name, ensure_ascii=False)}: {encode_text(item)}"
        for name, item in members.items()
    )


def decode_object(body: bytes) -> dict[str, object]:
    """Read a JSON object; numbers become int or Decimal, never float.

    Raises:
        Refusal: not JSON, not an object, or a name twice in one object.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_members_once,
        )
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "MALFORMED_JSON", f"the body is not readable JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refusal(400, "MALFORMED_JSON", "the body is not a JSON object")
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return members
