"""How a run behaves, and how it stands and ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from batch.journal import Placing
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.run.alarms import Alarm


class Cancel(StrEnum):
    """When a run asks the venue to cancel the orders that are open."""

    NEVER = "never"
    AT_ONCE = "at-once"
    AFTER_WAIT = "after-wait"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the operator and the settings say about a run.

    Attributes:
        rate_per_s: the most requests a second; None for as many as the venue takes.
        account_rate_per_s: the most requests a second of all that use the login and the journal;
            None where they share none.
        wait_s: how long to follow open orders after the last placing; 0 = do not poll.
        find_out_s: how long to keep asking about an order whose placing got no answer.
        retry_after_cap_s: the longest that a venue's `Retry-After` is obeyed.
        covers_done_orders: the venue's query by client ID also finds orders that are done.
        bulk_query: one query for all active orders may replace one for each.
        send: rows may be sent; otherwise this run only asks and follows.
        cancel: when open orders are cancelled; they are then followed to their end.
        rows: only these are asked about; None for all.
        sent_elsewhere: rows whose equals another batch has sent since; even when they are proven
            absent they are not sent again, but stay UNKNOWN for a person to decide.
        held_back: asked before each claim; says why nothing may leave now (a cut-off has passed),
            or "" if it may.
        differs: asked for each row that was claimed, before it leaves; says how it differs from
            what was planned, or "" if it does not.
        nothing_will_change: says that waiting is pointless (a simulated market at rest).
    """

    max_in_flight: int = 16
    rate_per_s: float | None = None
    account_rate_per_s: float | None = None
    wait_s: float = 900.0
    find_out_s: float = 45.0
    retry_after_cap_s: float = 120.0
    covers_done_orders: bool = False
    bulk_query: bool = True
    send: bool = True
    sent_elsewhere: frozenset[int] = frozenset()
    cancel: Cancel = Cancel.NEVER
    rows: frozenset[int] | None = None
    held_back: Callable[[], str] | None = None
    differs: Callable[[Placing], str] | None = None
    nothing_will_change: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a run stands, for whoever watches.

    Attributes:
        paused_s: how long nothing is sent because the venue asked for it, or is away.
        stopped: why the run no longer sends; empty while it does.
        filled: what the venue has said is filled, by dealt currency.
        on_their_way: how many placings have no answer yet.
        interrupted: a person or the system asked it to stop.
    """

    states: Mapping[OrderState, int]
    in_flight: int
    elapsed_s: float
    paused_s: float
    stopped: str
    filled: Mapping[str, Decimal] = field(default_factory=dict)
    on_their_way: int = 0
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        stopped: why rows are left that were not sent; empty when none are.
        interrupted: a person or the system asked it to stop.
        at_rest: waiting ended early, because nothing would have changed.
        stopped_by: who stopped it from elsewhere, and when; empty where nobody did.
        login_failed: the venue refused the credentials.
        alarms: what must not be, whatever the states say (two orders under one ID, terms that
            differ from what was sent), of this run or an earlier one; a person must look.
    """

    states: Mapping[OrderState, int]
    stopped: str = ""
    interrupted: bool = False
    at_rest: bool = False
    stopped_by: str = ""
    login_failed: bool = False
    alarms: tuple[Alarm, ...] = ()
