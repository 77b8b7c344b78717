"""What a person sees while a batch runs: a live line on a terminal, a plain one now and then."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from batch.cli.summary import counts_in_words
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.cli.session import Session
    from batch.runner import Snapshot

LINE_EVERY_S = 10.0
REDRAWN_EVERY_S = 0.2


class Watch(Protocol):
    """Looks at a run from time to time."""

    def __call__(self, snapshot: Snapshot) -> None:
        """Take in how the run stands."""


def words(snapshot: Snapshot) -> str:
    """Say in one line how a run stands."""
    states = {state: count for state, count in snapshot.states.items() if count}
    waiting = states.pop(OrderState.PLANNED, 0)
    sending = states.pop(OrderState.SENDING, 0)
    parts = [f"{waiting:,} to send"] if waiting else []
    if sending:
        parts.append(f"{sending:,} on their way")
    if states:
        parts.append(counts_in_words(states))
    if snapshot.paused_s > 0:
        parts.append(f"pausing {snapshot.paused_s:.0f} s")
    if snapshot.stopped:
        parts.append("not sending")
    return f"{_elapsed(snapshot.elapsed_s)}  {', '.join(parts)}"


@contextmanager
def watching(session: Session, *, quiet: bool) -> Iterator[Watch]:
    """Show a run's progress on stderr until the block ends."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _live(session) as watch:
            yield watch
    else:
        yield _plain(session)


@contextmanager
def _live(session: Session) -> Iterator[Watch]:
    from rich.live import Live
    from rich.text import Text

    from batch.cli.console import console

    shown_at = -REDRAWN_EVERY_S
    mark = "SIMULATED  " if session.simulated else ""
    with Live(console=console(err=True), auto_refresh=False, transient=True) as live:

        def watch(snapshot: Snapshot) -> None:
            nonlocal shown_at
            if snapshot.elapsed_s - shown_at >= REDRAWN_EVERY_S:
                shown_at = snapshot.elapsed_s
                live.update(Text(mark + words(snapshot)), refresh=True)

        yield watch


def _plain(session: Session) -> Watch:
    next_at = LINE_EVERY_S

    def watch(snapshot: Snapshot) -> None:
        nonlocal next_at
        if snapshot.elapsed_s >= next_at:
            next_at = snapshot.elapsed_s + LINE_EVERY_S
            session.say(words(snapshot))

    return watch


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
