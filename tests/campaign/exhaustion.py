"""Every small history: two rows, one process that dies anywhere, and those that come after it.

Chance finds less than one thinks: here each step at which a process can die, and each way that a
request can take, is tried with each other. The real plan, run, journal and client are at work; only
time, threads and the network are of our making. What left is counted at the venue.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from urllib3 import HTTPHeaderDict

from batch.config import VenueSettings
from batch.journal import Journal, Placing
from batch.plan.draft import PlanOptions
from batch.run.options import RunOptions, Snapshot
from batch.run.run import Run
from batch.run.work import Call, Done
from batch.states import OrderState
from batch.venue import Venue
from batch.venue.http.transport import Lost, Reply
from tests.campaign.books import Asked
from tests.campaign.choices import Choices, every_path
from tests.campaign.invariants import (
    Broken,
    Failed,
    Reported,
    Taken,
    contradicted,
    doubled,
    lost,
    require,
)
from tests.campaign.mortal import Died, Life, MortalJournal, Trouble
from tests.campaign.office import MEMORY
from tests.campaign.world import _empty_journal
from tests.plan.planning import plan
from tests.run.doubles import LOGIN, Begun, FakeClock, make_order, make_validation

ROWS = (2, 3)
CONTROL_SIZE = Decimal(77)

NEVER = "never"
ANSWERED = "answered"

ENDLESS = 3_000
"""Rounds that no run takes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What kind of venue it is, and how much is tried at it.

    Attributes:
        token_life_s: how long a token lives from its login.
        has_control: an order of an earlier batch is known to be done.
        looks_at_id: the query by client ID looks at it; otherwise the venue gives all active
            orders, and so nothing where everything is done.
        fates: what can become of a placing: `answered`; `never` taken, and no answer; or no
            answer, and taken so many seconds later if its token then still lives.
    """

    name: str
    token_life_s: float = 20.0
    has_control: bool = True
    looks_at_id: bool = True
    fates: tuple[str, ...] = (ANSWERED, NEVER, "0", "8", "19")


@dataclass(slots=True)
class Held:
    """An order at the venue; it is filled as soon as it is taken."""

    server_order_id: str
    order: dict[str, Any]
    taken_at: float


@dataclass
class Market:
    """A venue that accepts duplicates, keeps books, and refuses what carries a dead token."""

    clock: FakeClock
    setting: Setting
    choices: Choices | None = None
    held: list[Held] = field(default_factory=list)
    base_url: str = "https://venue.test"
    tokens: dict[str, float] = field(default_factory=dict)

    def prepare(
        self, method: str, target: str, request_id: str, headers: Any, body: str = ""
    ) -> Asked:
        return Asked(method, target, request_id, dict(headers), body)

    def close(self) -> None:
        """Nothing is open."""

    def drop(self) -> None:
        """Nothing is open."""

    def send(self, asked: Asked, most_bytes: int = 0) -> Reply:
        """Answer a request, or do not."""
        parts = urlsplit(asked.target)
        if parts.path.startswith("/v2/sso"):
            return self._log_in(asked)
        if self.tokens.get(asked.headers.get("SSO_TOKEN", ""), 0.0) <= self.clock.monotonic():
            return self._reply(asked, 401, {"errorCode": "UNAUTHORIZED"})
        if asked.method == "POST":
            fates = self.setting.fates if self.choices else (ANSWERED,)
            coid = json.loads(asked.body)["coId"]
            choose = self.choices.choose if self.choices else lambda _, ways: ways[0]
            return self._place(asked, choose(f"placing of {coid}", fates))
        now = [held for held in self.held if held.taken_at <= self.clock.monotonic()]
        if parts.query:
            wanted = parse_qs(parts.query)["coId"][0]
            found = [self._show(h) for h in now if h.order["coId"] == wanted]
            if not self.setting.looks_at_id:
                found = []  # every order is done, and the list is that of the active ones
            return self._reply(asked, 200, found) if found else self._nothing(asked)
        if parts.path == "/v2/orders":
            return self._reply(asked, 200, [])
        server_id = parts.path.rpartition("/")[2]
        one = [self._show(held) for held in now if held.server_order_id == server_id]
        return self._reply(asked, 200, one[0]) if one else self._nothing(asked)

    def arrive(self, asked: Asked, later_s: float) -> Held | None:
        """Take an order so much later, if its token then still lives."""
        at = self.clock.monotonic() + later_s
        if self.tokens.get(asked.headers.get("SSO_TOKEN", ""), 0.0) <= at:
            return None
        held = Held(f"S{len(self.held) + 1}", json.loads(asked.body, parse_float=Decimal), at)
        self.held.append(held)
        return held

    def taken(self) -> list[Taken]:
        """Give the books."""
        return [
            Taken(
                held.server_order_id,
                held.order["coId"],
                Decimal(held.order["size"]),
                "FILLED",
                Decimal(held.order["size"]),
            )
            for held in self.held
            if Decimal(held.order["size"]) != CONTROL_SIZE
        ]

    def _log_in(self, asked: Asked) -> Reply:
        token = f"token-number-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock.monotonic() + self.setting.token_life_s
        now = 1_790_000_000_000 + int(self.clock.monotonic() * 1000)
        times = {
            "status": "OK",
            "serverUTCTime": now,
            "expiryTime": now + int(self.setting.token_life_s * 1000),
        }
        body = json.dumps(times).encode()
        return Reply(200, HTTPHeaderDict({"SSO_TOKEN": token}), body, "", asked.request_id)

    def _place(self, asked: Asked, fate: str) -> Reply:
        if fate == NEVER:
            raise Lost("no answer")
        if fate == ANSWERED:
            held = self.arrive(asked, 0.0)
            assert held is not None
            return self._reply(asked, 202, {**self._show(held), "status": "RECEIVED"})
        self.arrive(asked, float(fate))
        raise Lost("no answer")

    def _show(self, held: Held) -> dict[str, object]:
        return {
            **held.order,
            "orderId": held.server_order_id,
            "status": "FILLED",
            "cumQty": held.order["size"],
            "averagePrice": held.order["price"],
        }

    def _nothing(self, asked: Asked) -> Reply:
        if self.setting.looks_at_id:
            return self._reply(asked, 404, {"errorCode": "NOT_FOUND"})
        return self._reply(asked, 200, [])

    def _reply(self, asked: Asked, status: int, content: object) -> Reply:
        body = json.dumps(content, default=float).encode()
        return Reply(status, HTTPHeaderDict(), body, "", asked.request_id)


class ChosenLife(Life):
    """A process that dies, once, at whichever step is chosen."""

    def __init__(self, choices: Choices) -> None:
        super().__init__(Trouble())
        self._choices = choices

    def pass_by(self, point: str) -> None:
        if point != "in-round" and self._choices.choose(point, ("lives", "dies")) == "dies":
            raise Died


class ChosenWires:
    """Makes placings at once, or has them on their way while the loop goes on."""

    def __init__(self, clock: FakeClock, life: Life, choices: Choices | None) -> None:
        self._clock = clock
        self._life = life
        self._choices = choices
        self._begun: list[Begun] = []
        self._ended: list[Done[Any]] = []

    def submit(self, call: Call[Any]) -> None:
        begun = Begun(call)
        is_placing = isinstance(call.subject, Placing) and self._choices is not None
        if is_placing and self._choices is not None:
            if self._choices.choose("a placing is", ("quick", "under way")) == "under way":
                self._begun.append(begun)
                return
            self._life.pass_by("before-call")
        self._ended.append(begun.end())
        if is_placing:
            self._life.pass_by("after-call")

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        if not (self._begun or self._ended):
            self._clock.sleep(max(timeout_s, 0.001))
            return []
        self._clock.sleep(0.01)
        ended, self._ended = self._ended, []
        begun, self._begun = self._begun, []
        return [*ended, *(one.end() for one in begun)]

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """Let what is under way reach the venue, or not."""
        for begun in self._begun:
            begun.end()  # its answer finds nobody
        self._begun = []


def live_through(setting: Setting, choices: Choices, figures: Counter[str]) -> None:
    """Live through one history and hold its end against the venue's books.

    Raises:
        Broken: a row was sent twice or lost, or the report claims what is not so.
    """
    clock = FakeClock()
    market = Market(clock, setting)
    folder = Path(tempfile.mkdtemp(prefix="small-", dir=MEMORY if MEMORY.is_dir() else None))
    path = folder / "journal.db"
    # All of it together: a journal that is moved alone is refused.
    origin = _journal_with_control() if setting.has_control else _empty_journal()
    shutil.copytree(origin, folder, dirs_exist_ok=True)
    if setting.has_control:
        market.held.append(_CONTROL)
    sheet = make_validation(*(make_order(row, size=Decimal(1000 + row)) for row in ROWS))
    sizes = {row: Decimal(1000 + row) for row in ROWS}

    def submit(journal: Journal) -> str:
        return plan(journal, sheet, LOGIN, PlanOptions(), clock.now()).batch.batch_id

    try:
        market.choices = choices
        _process(path, clock, market, submit, choices)
        market.choices = None
        batch_id = _process(path, clock, market, submit, None)
        # Whatever is late arrives; what was placed is then as it stays.
        clock.sleep(4000.0)
        _process(path, clock, market, lambda journal: batch_id, None)
        _check(path, batch_id, market, sizes, choices, figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _journal_with_control() -> Path:
    """Make a journal that knows an order of an earlier batch to be done."""
    folder = tempfile.mkdtemp(prefix="small-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "journal.db"
    shutil.copytree(_empty_journal(), folder, dirs_exist_ok=True)
    clock = FakeClock()
    market = Market(clock, Setting("control"))
    sheet = make_validation(make_order(9, size=CONTROL_SIZE), name="control.csv")
    clock.sleep(-1000.0)

    def submit(journal: Journal) -> str:
        return plan(journal, sheet, LOGIN, PlanOptions(), clock.now()).batch.batch_id

    _process(path, clock, market, submit, None)
    _CONTROL.order.update(market.held[0].order)
    return Path(folder)


_CONTROL = Held("S1", {}, float("-inf"))


def _process(
    path: Path,
    clock: FakeClock,
    market: Market,
    begin: Callable[[Journal], str],
    choices: Choices | None,
) -> str:
    journal = MortalJournal.open_mortal(path)
    life = Life(Trouble()) if choices is None else ChosenLife(choices)
    journal.life = journal._database.life = life  # type: ignore[attr-defined]
    wires = ChosenWires(clock, life, choices)
    rounds = 0

    def watch(_: Snapshot) -> None:
        nonlocal rounds
        rounds += 1
        require(["the run does not end"] if rounds > ENDLESS else [], choices and choices.said)

    batch_id = ""
    try:
        batch_id = begin(journal)
        options = RunOptions(max_in_flight=4, wait_s=60.0, covers_done_orders=True)
        with mock.patch("batch.venue.integral.client.Transport", lambda *_, **__: market):
            settings = VenueSettings(url="https://venue.test", user="user", org="ORG")
            venue = Venue(settings, clock=clock)
        with journal.hold(batch_id, clock.now()):
            Run(journal, batch_id, venue, wires, clock, options, watch).execute()
    except Died:
        pass
    except Broken:
        raise
    except Exception as error:
        raise Failed(f"{error!r}\n{choices and choices.said}") from error
    finally:
        wires.close()
        journal.close()
    return batch_id


def _check(
    path: Path,
    batch_id: str,
    market: Market,
    sizes: dict[int, Decimal],
    choices: Choices,
    figures: Counter[str],
) -> None:
    with Journal.open(str(path), read_only=True, allow_memory=True) as journal:
        orders = list(journal.orders(batch_id))
    report = [
        Reported(
            order.row,
            order.client_order_id or "",
            sizes[order.row],
            order.final_state.value,
            order.server_order_id,
            order.filled_size,
        )
        for order in orders
    ]
    taken = market.taken()
    wrong = [*doubled(taken), *lost(report, sizes), *contradicted(report, taken)]
    unknown = [order for order in orders if order.state is OrderState.UNKNOWN]
    unsent = [order for order in orders if order.state is OrderState.PLANNED]
    if unsent:
        wrong.append(f"never sent: {unsent}")
    setting = market.setting
    if setting.has_control and setting.looks_at_id and setting.token_life_s <= 20 and unknown:
        wrong.append(f"left UNKNOWN: {unknown}")
    require(wrong, "\n".join([str(setting), *choices.said, *map(str, market.held)]))
    figures["small histories"] += 1
    figures["rows"] += len(orders)
    figures["orders at the venue"] += len(taken)
    figures["UNKNOWN left"] += len(unknown)
    figures["deaths"] += any(said.endswith(": dies") for said in choices.said)


def exhaust(setting: Setting, *, most: int | None = None) -> Counter[str]:
    """Live through every small history of a setting.

    Args:
        most: give up after so many, for a bug that should have shown by then.

    Raises:
        Broken: with the choices that break the promise.
    """
    figures: Counter[str] = Counter()
    for choices in every_path():
        live_through(setting, choices, figures)
        if most is not None and figures["small histories"] >= most:
            break
    return figures
