"""Faults in the content of an otherwise good answer. Side module."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from batch.simulator.faults import FaultKind
from batch.simulator.wire import Answer, encode

_OTHER_CLIENT_ID = "SOMEBODY-ELSES"
_UNPUBLISHED_STATUS = "HALTED"


def _without_order_id(order: dict[str, object], _value: str) -> None:
    order.pop("orderId", None)


def _with_other_client_id(order: dict[str, object], _value: str) -> None:
    order["coId"] = _OTHER_CLIENT_ID


def _with_unknown_status(order: dict[str, object], value: str) -> None:
    order["status"] = value or _UNPUBLISHED_STATUS


def _with_other_price(order: dict[str, object], _value: str) -> None:
    price = order.get("price")
    if isinstance(price, int | Decimal):
        order["price"] = price * 2


def _damaging(change: Callable[[dict[str, object], str], None]) -> Callable[[Answer, str], Answer]:
    def damage(answer: Answer, value: str) -> Answer:
        if answer.status >= 400:
            return answer
        content = json.loads(answer.body, parse_float=Decimal)
        for order in content if isinstance(content, list) else [content]:
            change(order, value)
        return replace(answer, body=encode(content))

    return damage


DAMAGES: Mapping[FaultKind, Callable[[Answer, str], Answer]] = {
    FaultKind.NO_ORDER_ID: _damaging(_without_order_id),
    FaultKind.OTHER_CLIENT_ID: _damaging(_with_other_client_id),
    FaultKind.UNKNOWN_STATUS: _damaging(_with_unknown_status),
    FaultKind.OTHER_PRICE: _damaging(_with_other_price),
}
"""What turns a good answer into a wrong one, by kind of fault."""
