"""Where a process can die: SIGKILL at a named point, without a hook in the program itself.

Each point wraps a function of the program in a process that is about to run its command line.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from batch.journal import Change
from batch.states import OrderEvent

RECOVERED = frozenset({OrderEvent.FOUND, OrderEvent.ABSENT, OrderEvent.RELEASED})
ANSWERED = frozenset({OrderEvent.ACCEPTED, OrderEvent.REFUSED, OrderEvent.LOST})
ENDED = frozenset({OrderEvent.FILLED, OrderEvent.EXPIRED, OrderEvent.REJECTED})
CLAIMED = frozenset({OrderEvent.CLAIMED})

LONGEST_COMMIT_S = 0.002

Fuse = Callable[[], None]


def arm(death: str) -> None:
    """Prepare this process to die.

    Args:
        death: a name of `POINTS` or `FOLDER_POINTS`, a colon, and at which passing of that point,
            from 1.
    """
    from tests.campaign.folder_deaths import FOLDER_POINTS

    point, _, nth = death.partition(":")
    passings = itertools.count(1)

    def pass_by() -> None:
        if next(passings) == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    {**POINTS, **FOLDER_POINTS}[point](pass_by)


def wrap(
    owner: Any,
    name: str,
    *,
    before: Callable[..., None] | None = None,
    after: Callable[..., None] | None = None,
) -> None:
    """Put something before or after a function, with its own arguments."""
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before(*args, **kwargs)
        result = original(*args, **kwargs)
        if after is not None:
            after(*args, **kwargs)
        return result

    setattr(owner, name, wrapped)


def _at_commit(events: Iterable[OrderEvent], where: str) -> Callable[[Fuse], None]:
    """Die at a commit that holds one of these steps.

    Args:
        where: `before` it, `open` with everything written and nothing committed, or in a server
            everything sent and nothing answered, `during` the commit itself, `after` it.
    """
    wanted = frozenset(events)

    def prepare(fuse: Fuse) -> None:
        from batch.journal import Journal, stepping

        def if_wanted(changes: Sequence[Change]) -> None:
            if any(change.event in wanted for change in changes):
                fuse()

        def if_wanted_or_claim(changes: Sequence[Change]) -> None:
            if OrderEvent.CLAIMED in wanted or any(change.event in wanted for change in changes):
                fuse()

        def in_apply(_: Journal, __: str, changes: Sequence[Change], ___: datetime) -> None:
            if_wanted(changes)

        def in_claim(
            _: Journal, __: str, ___: int, ____: datetime, changes: Sequence[Change] = ()
        ) -> None:
            if_wanted_or_claim(changes)

        def in_transaction(
            _: Any, __: str, ___: str, changes: Sequence[Change], *____: Any, **_____: Any
        ) -> None:
            if_wanted(changes)

        def soon(look: Callable[..., None]) -> Callable[..., None]:
            def light(*args: Any) -> None:
                def die() -> None:
                    time.sleep(random.uniform(0.0, LONGEST_COMMIT_S))
                    look(*args)

                threading.Thread(target=die).start()

            return light

        match where:
            case "before":
                wrap(Journal, "apply", before=in_apply)
                wrap(Journal, "claim", before=in_claim)
            case "open":
                wrap(stepping, "apply_changes", after=in_transaction)
                _wrap_journeys(if_wanted_or_claim, if_wanted)
            case "during":
                wrap(Journal, "apply", before=soon(in_apply))
                wrap(Journal, "claim", before=soon(in_claim))
            case _:
                wrap(Journal, "apply", after=in_apply)
                wrap(Journal, "claim", after=in_claim)

    return prepare


def _wrap_journeys(
    at_claim: Callable[[Sequence[Change]], None], at_record: Callable[[Sequence[Change]], None]
) -> None:
    """Look at what is sent to a server in one journey, when it is sent and nothing is answered."""
    from batch.journal.stepping import Steps

    try:
        from batch.journal.postgres.journeys import Journey
    except ImportError:
        return  # without the driver there are none
    sent: list[Callable[[], None]] = []

    def take_note(
        _: Any, __: str, changes: Sequence[Change], ___: datetime, request_ids: Sequence[str] = ()
    ) -> None:
        look = at_claim if request_ids else at_record
        sent[:] = [lambda: look(changes)]

    wrap(Steps, "_take_at_once", before=take_note)
    wrap(Journey, "begin", after=lambda *_: sent.pop()())


def _at_post(fuse: Fuse, *, sent: bool) -> None:
    from batch.venue.http.connection import _Watched
    from batch.venue.integral.wire import ORDERS_PATH

    def look(_: Any, method: str, url: str, *__: Any, **___: Any) -> None:
        if method == "POST" and url.endswith(ORDERS_PATH):
            fuse()

    wrap(_Watched, "request", **{"after" if sent else "before": look})


def _at_call(name: str, when: str) -> Callable[[Fuse], None]:
    """Die before or after a call of the venue's client."""

    def prepare(fuse: Fuse) -> None:
        from batch.venue import Venue

        wrap(Venue, name, **{when: lambda *_, **__: fuse()})

    return prepare


def _while_planning(when: str) -> Callable[[Fuse], None]:
    def prepare(fuse: Fuse) -> None:
        from batch.journal import Planning

        wrap(Planning, "add", **{when: lambda *_, **__: fuse()})

    return prepare


def _when_planned(fuse: Fuse) -> None:
    from batch.journal import Journal

    wrap(Journal, "hold", before=lambda *_, **__: fuse())


def _in_report(where: str) -> Callable[[Fuse], None]:
    def prepare(fuse: Fuse) -> None:
        from batch.report import plain, target

        def die(*_: Any, **__: Any) -> None:
            fuse()

        match where:
            case "half":
                wrap(plain, "line_texts", before=die)
            case "written":
                wrap(target, "_move", before=die)
            case _:
                wrap(target, "_move", after=die)

    return prepare


POINTS: dict[str, Callable[[Fuse], None]] = {
    "planning": _while_planning("before"),
    "plan-not-committed": _while_planning("after"),
    "planned": _when_planned,
    "before-claim": _at_commit(CLAIMED, "before"),
    "claim-not-committed": _at_commit(CLAIMED, "open"),
    "committing-claim": _at_commit(CLAIMED, "during"),
    "claimed": _at_commit(CLAIMED, "after"),
    "posting": lambda fuse: _at_post(fuse, sent=False),
    "posted": lambda fuse: _at_post(fuse, sent=True),
    "answered": _at_call("place", "after"),
    "before-record": _at_commit(ANSWERED, "before"),
    "record-not-committed": _at_commit(ANSWERED, "open"),
    "committing-record": _at_commit(ANSWERED, "during"),
    "recorded": _at_commit(ANSWERED, "after"),
    "before-verdict": _at_commit(ENDED, "before"),
    "verdict": _at_commit(ENDED, "after"),
    "asking": _at_call("find", "before"),
    "asked": _at_call("find", "after"),
    "before-recovery": _at_commit(RECOVERED, "before"),
    "recovery-not-committed": _at_commit(RECOVERED, "open"),
    "committing-recovery": _at_commit(RECOVERED, "during"),
    "recovered": _at_commit(RECOVERED, "after"),
    "report-half-written": _in_report("half"),
    "report-not-in-place": _in_report("written"),
    "report-in-place": _in_report("placed"),
}
"""Name of a point -> what makes a process die there."""

IN_RECOVERY = (
    "asking",
    "asked",
    "before-recovery",
    "recovery-not-committed",
    "committing-recovery",
    "recovered",
)
"""Points that only a start after an earlier death comes to."""

PASSED_OFTEN = ("before-claim", "claim-not-committed", "claimed", "posting", "posted", "answered")
"""Points that a batch of a few rows comes to more than once."""
