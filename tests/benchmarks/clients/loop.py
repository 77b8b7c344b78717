"""A plain `requests` loop: one order after the other, nothing recorded."""

from __future__ import annotations

import sys

import requests


def main(url: str, count: int) -> None:
    """Send so many orders, and ask about each once it is placed until it has ended."""
    with requests.Session() as session:
        session.trust_env = False
        token = session.post(f"{url}/v2/sso/login", json={}).headers["SSO_TOKEN"]
        session.headers["SSO_TOKEN"] = token
        for number in range(count):
            order = {
                "coId": f"loop-{number}",
                "type": "Limit",
                "side": "Buy",
                "symbol": "EUR/USD",
                "currency": "EUR",
                "size": 1_000_000,
                "price": 1.0971678,
                "timeInForce": "IOC",
            }
            placed = session.post(f"{url}/v2/orders", json=order).json()
            while session.get(f"{url}/v2/orders/{placed['orderId']}").json()["status"] != "FILLED":
                pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
