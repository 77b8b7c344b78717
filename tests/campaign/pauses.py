"""Where a process can stand still: SIGSTOP at a named point, sent by the process to itself.

All of it stands still at once, as with a virtual machine that is moved, until somebody wakes it.
"""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable, Mapping

from batch.journal import Placing
from batch.run.work import Call
from tests.campaign.deaths import POINTS, wrap

Fuse = Callable[[], None]


def _at_gate(when: str) -> Callable[[Fuse], None]:
    """Stand still before a placing's gate, or when it was let through."""

    def prepare(fuse: Fuse) -> None:
        def look(call: Call[object]) -> None:
            if isinstance(call.subject, Placing):
                fuse()

        wrap(Call, "pass_gate", **{when: look})

    return prepare


def _on_its_way(*, claims: bool) -> Callable[[Fuse], None]:
    """Stand still when a group of steps has left for the server, and its answer is not read."""

    def prepare(fuse: Fuse) -> None:
        from batch.journal.postgres.at_once import CLAIM, _numbered
        from batch.journal.postgres.journeys import Journey

        claiming, _ = _numbered(CLAIM)

        def look(journey: Journey, _: str) -> None:
            if any(words == claiming for words, _ in journey._sent) is claims:
                fuse()

        wrap(Journey, "begin", after=look)

    return prepare


PAUSES: Mapping[str, Callable[[Fuse], None]] = {
    "before-claim": POINTS["before-claim"],
    "claim-on-its-way": _on_its_way(claims=True),
    "claimed": POINTS["claimed"],
    "gate": _at_gate("before"),
    "token": _at_gate("after"),
    "send": POINTS["posting"],
    "sent": POINTS["posted"],
    "answered": POINTS["answered"],
    "before-record": POINTS["before-record"],
    "record-on-its-way": _on_its_way(claims=False),
}
"""Before the claim of a row, when the claim has left for the server, when it is known to be
committed; before a placing's gate, before it takes its token, before it leaves, when it has left,
when its answer is known; before that is recorded, and when the record has left for the server."""


def arm(pause: str) -> None:
    """Prepare this process to stand still.

    Args:
        pause: a name of `PAUSES`, a colon, and at which passing of that point, from 1.
    """
    point, _, nth = pause.partition(":")
    passings = itertools.count(1)

    def pass_by() -> None:
        if next(passings) == int(nth):
            # To this very thread: of one that is sent to the process another thread may learn
            # first, and this one would be past the point by then.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    PAUSES[point](pass_by)
