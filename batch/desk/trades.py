"""The back office's extract of trades: which of our client order IDs were traded, and as what.

A trade proves that its order was placed. That there is none proves nothing.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from batch.errors import GateError
from batch.model import shown

CLIENT_ID, SERVER_ID = "coId", "orderId"

MAX_BYTES = 64 * 1024 * 1024
"""Some hundred thousand trades; more is not one batch's extract."""


def read_trades(path: Path) -> dict[str, tuple[str, ...]]:
    """Give the server order IDs that were traded under each client order ID.

    Args:
        path: the venue's JSON array of trades, or CSV with the columns coId and orderId.

    Raises:
        GateError: it cannot be read, or is neither.
    """
    text = _text(path)
    trades = _of_json(path, text) if text.lstrip()[:1] in ("[", "{") else _of_csv(path, text)
    found: dict[str, dict[str, None]] = {}
    for client_order_id, server_order_id in trades:
        if client_order_id and server_order_id:
            found.setdefault(client_order_id, {})[server_order_id] = None
    return {client_order_id: tuple(servers) for client_order_id, servers in found.items()}


def _text(path: Path) -> str:
    try:
        if not path.is_file() and path.exists():
            # Opening a pipe would wait for somebody who writes.
            raise _refusal(path, "a plain file of trades", "a folder, pipe or device")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(path, "a file of trades that can be read", str(error.strerror)) from None
    if len(content) > MAX_BYTES:
        raise _refusal(path, f"at most {MAX_BYTES:,} bytes", "more")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal(path, "text in UTF-8", "bytes that are none") from None


def _of_json(path: Path, text: str) -> Iterable[tuple[str, str]]:
    try:
        trades = json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise _refusal(path, "JSON, whole", str(error)) from None
    if not isinstance(trades, list) or not all(isinstance(trade, Mapping) for trade in trades):
        raise _refusal(path, "a JSON array of trades", "something else")
    if trades and not any(CLIENT_ID in trade and SERVER_ID in trade for trade in trades):
        raise _refusal(path, f"trades with {CLIENT_ID} and {SERVER_ID}", "none that has both")
    return [(_id(trade.get(CLIENT_ID)), _id(trade.get(SERVER_ID))) for trade in trades]


def _of_csv(path: Path, text: str) -> Iterable[tuple[str, str]]:
    header = text.partition("\n")[0]
    delimiter = max(",;\t|", key=header.count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _refusal(path, "CSV, whole", str(error)) from None
    names = [name.strip().casefold() for name in lines[0]] if lines else []
    wanted = (CLIENT_ID.casefold(), SERVER_ID.casefold())
    if any(names.count(name) != 1 for name in wanted):
        found = shown(header.strip()) or "an empty file"
        raise _refusal(path, f"one column {CLIENT_ID} and one column {SERVER_ID}", found)
    client, server = (names.index(name) for name in wanted)
    return [
        (line[client].strip(), line[server].strip())
        for line in lines[1:]
        if len(line) > max(client, server)
    ]


def _id(value: Any) -> str:
    # A number is an ID that somebody's tool wrote without quotes; nothing else is one.
    is_id = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip() if is_id else ""


def _refusal(path: Path, expected: str, found: str) -> GateError:
    return GateError(
        f"{path}: expected {expected}, found: {found}. Nothing was recorded. Have the back office "
        "write it again: the venue's JSON array of trades, or CSV with the columns "
        f"{CLIENT_ID} and {SERVER_ID}."
    )
