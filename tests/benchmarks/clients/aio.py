"""`aiohttp` and no journal: the fastest of the plain ways in one process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import aiohttp


async def main(url: str, count: int, in_flight: int) -> None:
    """Send so many orders from so many tasks."""
    numbers = iter(range(count))
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.post(f"{url}/v2/sso/login", json={}) as reply:
            session.headers["SSO_TOKEN"] = reply.headers["SSO_TOKEN"]
        await asyncio.gather(*(_send(session, url, numbers) for _ in range(in_flight)))


async def _send(session: aiohttp.ClientSession, url: str, numbers: Iterator[int]) -> None:
    for number in numbers:
        order = {
            "coId": f"aio-{number}",
            "type": "Limit",
            "side": "Buy",
            "symbol": "EUR/USD",
            "currency": "EUR",
            "size": 1_000_000,
            "price": 1.0971678,
            "timeInForce": "IOC",
        }
        async with session.post(f"{url}/v2/orders", json=order) as reply:
            placed = await reply.json()
        status = ""
        while status != "FILLED":
            async with session.get(f"{url}/v2/orders/{placed['orderId']}") as reply:
                status = (await reply.json())["status"]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
