"""`requests` with threads, a session each, and no journal: the order is lost if this dies."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests


def main(url: str, count: int, in_flight: int) -> None:
    """Send so many orders from so many threads."""
    token = requests.post(f"{url}/v2/sso/login", json={}).headers["SSO_TOKEN"]
    own = threading.local()

    def session() -> requests.Session:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            own.session.trust_env = False
            own.session.headers["SSO_TOKEN"] = token
        found: requests.Session = own.session
        return found

    def send(number: int) -> None:
        order = {
            "coId": f"threads-{number}",
            "type": "Limit",
            "side": "Buy",
            "symbol": "EUR/USD",
            "currency": "EUR",
            "size": 1_000_000,
            "price": 1.0971678,
            "timeInForce": "IOC",
        }
        placed = session().post(f"{url}/v2/orders", json=order).json()
        while session().get(f"{url}/v2/orders/{placed['orderId']}").json()["status"] != "FILLED":
            pass

    with ThreadPoolExecutor(in_flight) as pool:
        list(pool.map(send, range(count)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
