"""Answers of a venue with something wrong in them, and whoever reads them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

from urllib3 import HTTPHeaderDict

from batch.venue.http.exact import Misfit, read_json, retry_after_s, server_time
from batch.venue.http.transport import Reply
from batch.venue.integral.answers import (
    error_code,
    error_words,
    has_error_object,
    read_list,
    read_order,
    read_orders,
    read_spot_rate,
    speaks_of_duplicate,
)

_ORDER: dict[str, object] = {
    "coId": "b1-2",
    "orderId": "4820276016",
    "status": "FILLED",
    "type": "Limit",
    "side": "Buy",
    "symbol": "EUR/USD",
    "currency": "EUR",
    "size": 50000.0,
    "price": 1.0971678,
    "timeInForce": "GTT",
    "expiryTime": 60,
    "minQty": 10,
    "cumQty": 50000.0,
    "averagePrice": 1.09,
    "execId": "FXI1",
}
_SEEDS: tuple[object, ...] = (
    _ORDER,
    [_ORDER, {**_ORDER, "orderId": "2"}],
    {"status": "ERROR", "errorCode": "E1", "errorMessage": "no"},
    {"symbol": "EUR/USD", "bid": 1.1, "offer": 1.2, "time": 1},
    {"status": "OK", "errorCode": None, "expiryTime": 1665490480729, "serverUTCTime": 1},
)
_VALUES = [
    "null",
    "true",
    "NaN",
    "Infinity",
    "-0",
    "1e999999",
    "-1",
    "1e-400",
    "{}",
    "[]",
    "[[]]",
    "[null]",
    '{"a":{}}',
    "0.1",
    '""',
    '".."',
    '"\\ud800"',
    '"\\u0000"',
    '"\\u202e"',
    '"NaN"',
    '"sNaN"',
    '"1e40"',
    '"Infinity"',
    "60.5",
    '"\\u0661"',
]
_LONG = ("9" * 5_000, "[" * 5_000 + "]" * 5_000, '"' + "x" * 20_000 + '"', "1." + "1" * 70)
_DATES = ("", "0", "9" * 15, "-1", "Mon, 99 Foo 2026 12:00:00 GMT", "\udce9", "1" * 5_000)
_TYPES = ("application/json", 'x; charset="utf-16"', "x; charset=rot13", "x; charset=hex", "")


def mutated(pick: random.Random) -> bytes:
    """Give the body of an answer with a few things wrong."""
    text = json.dumps(pick.choice(_SEEDS))
    for _ in range(pick.choice((1, 1, 2, 5))):
        value = pick.choice(_LONG) if pick.random() < 0.1 else pick.choice(_VALUES)
        places = [at for at, char in enumerate(text) if char in ":,[{"]
        at = pick.choice(places) + 1 if places else 0
        end = next((i for i in range(at, len(text)) if text[i] in ",]}"), len(text))
        text = text[:at] + value + text[at if pick.random() < 0.2 else end :]
    body = bytearray(text.encode("utf-8", "surrogatepass"))
    if pick.random() < 0.3:
        at = pick.randrange(len(body))
        body[at : at + pick.choice((0, 1, 9))] = pick.randbytes(pick.choice((0, 1, 4)))
    return bytes(body)


def try_answer(body: bytes, pick: random.Random) -> str:
    """Read an answer in every way in which the venue's client does."""
    headers = HTTPHeaderDict(
        {
            "Content-Type": pick.choice(_TYPES),
            "Retry-After": pick.choice(_DATES),
            "Date": pick.choice(_DATES),
        }
    )
    reply = Reply(status=200, headers=headers, body=body, flaw="", request_id="r")
    server_time(headers)
    wait_s = retry_after_s(headers, datetime(2026, 1, 5, tzinfo=UTC))
    assert wait_s is None or wait_s >= 0
    error_code(reply)
    assert error_words(reply).isprintable()
    speaks_of_duplicate(reply)
    outcome = "words" if has_error_object(reply) else "unreadable"
    for read in (
        lambda: read_order(read_json(reply), "r"),
        lambda: read_orders(reply),
        lambda: read_list(reply),
        lambda: read_spot_rate(reply, "EUR/USD"),
    ):
        try:
            read()
        except Misfit:
            continue
        outcome = "read"
    return outcome
