"""How a simulated venue behaves, as one frozen value. Side module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Choose the venue to simulate; the defaults are a friendly one.

    `time_scale` speeds up the market (fills, expiries, cancels) and nothing else; all other times
    are real seconds.

    Attributes:
        user, password, org: the one login that is taken. None takes any that is not empty, and
            each user is then held to the password that it used first.
        token_lifetime_s: by the server's clock; the vendor's own example shows 60 seconds.
        token_in: where a new token is handed out.
        clock_offset_s: how far the server's clock is ahead of this machine's.
        hmac_secrets: user -> secret for requests that are signed instead of carrying a token.
        latency_s: a pause before each request is looked at.
        rate_limit_per_s: order requests (place, find, query, active) in any one second; those
            above are answered with 429.
        rate_limit_retry_after: text of `Retry-After` with those 429s; None leaves it out.
        liquidity: what an IOC or FOK order can get, in units of the base currency.
        max_size: an order above it is REJECTED, in units of the base currency.
        day_length_s: a DAY order away from the market is EXPIRED after it (scaled).
        accept_duplicates: take a second order with the same client ID, too.
        client_id_query: which orders a query by client ID finds.
        client_id_delay_s: a query by client ID finds an order only when it is that old.
        bulk_delay_s: the list of all active orders shows an order only when it is that old.
        cancelled_status: the spelling of a cancelled order's status, which is not published.
        kept_exchanges: how many of the last requests and answers stay readable for tests.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    org: str | None = None
    token_lifetime_s: float = 60.0
    token_in: Literal["both", "header", "cookie"] = "both"
    clock_offset_s: float = 0.0
    hmac_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    latency_s: float = 0.0
    rate_limit_per_s: int | None = None
    rate_limit_retry_after: str | None = None
    time_scale: float = 1.0
    liquidity: Decimal = Decimal(3_000_000)
    max_size: Decimal = Decimal(10_000_000)
    day_length_s: float = 5.0
    accept_duplicates: bool = True
    client_id_query: Literal["all", "open", "none"] = "all"
    client_id_delay_s: float = 0.0
    bulk_delay_s: float = 0.0
    cancelled_status: str = "CANCELED"
    kept_exchanges: int = 1000
