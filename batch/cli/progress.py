"""What a person sees while a batch runs: a live table on a terminal, a plain line now and then."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from batch.desk.standing import counts
from batch.states import FINAL, FinalState, OrderState

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from batch.desk.listener import Watch
    from batch.run.options import Snapshot

LINE_EVERY_S = 10.0
REDRAWN_EVERY_S = 0.5

ON_ITS_WAY_S = 60.0
"""So long an answer about an order may be on its way before a person is called to it."""

BAR_WIDTH = 40

TABLE_WIDTH = 60
"""In fewer columns the table would lose its numbers; a sentence is broken between words."""

CURRENCIES = 3
"""Filled amounts that are shown, the currencies with the most of it; the report has all."""

RATE_OVER_S = 10.0
"""The rate is that of so many last seconds; one of the whole run would hide a venue that stalls."""


class Gauge:
    """How fast rows leave, and how long it still takes.

    Args:
        wait_s: how long open orders are followed after the last row has left.
        cancel: when they are cancelled: `never`, `at-once` or `after-wait`.
    """

    def __init__(self, wait_s: float, cancel: str = "never") -> None:
        self._wait_s = wait_s
        self._cancel = cancel
        self._seen: deque[tuple[float, int]] = deque()
        self._sent_at: float | None = None
        self._unknown: tuple[int, float] = (0, 0.0)

    def take(self, snapshot: Snapshot) -> None:
        """Take in how the run stands."""
        now, waiting = snapshot.elapsed_s, snapshot.states.get(OrderState.PLANNED, 0)
        self._seen.append((now, waiting))
        unknown = counts(snapshot.states).get(FinalState.UNKNOWN, 0)
        if unknown != self._unknown[0]:
            self._unknown = (unknown, now)
        while now - self._seen[0][0] > RATE_OVER_S:
            self._seen.popleft()
        if (waiting and not snapshot.stopped) or snapshot.states.get(OrderState.SENDING):
            self._sent_at = None
        elif self._sent_at is None:
            self._sent_at = now

    @property
    def is_stuck(self) -> bool:
        """No answer has come about the UNKNOWN orders for longer than one is on its way."""
        count, since = self._unknown
        return count > 0 and self._seen[-1][0] - since > ON_ITS_WAY_S

    def sending_words(self) -> str:
        """Say `38/s, about 0:32 left`; empty while nothing can be said."""
        (began, had), (now, have) = self._seen[0], self._seen[-1]
        rate = (had - have) / (now - began) if now > began else 0.0
        if rate <= 0:
            return ""
        return f"{rate:,.0f}/s, about {clock(have / rate)} left" if rate >= 1 else "under 1/s"

    def waiting_words(self) -> str:
        """Say how long open orders are followed yet; empty while rows still leave."""
        if self._cancel == "at-once":
            return "being cancelled"
        if self._sent_at is None:
            return ""
        left = self._wait_s - (self._seen[-1][0] - self._sent_at)
        if left > 0:
            return f"followed for {clock(left)} more"
        return "being cancelled" if self._cancel == "after-wait" else ""


def lines_of(snapshot: Snapshot, gauge: Gauge) -> list[tuple[str, int, str]]:
    """Give what a person should see of a run: a name, a number of rows, and a remark."""
    states = {state: count for state, count in snapshot.states.items() if count}
    waiting = states.pop(OrderState.PLANNED, 0)
    sending = states.pop(OrderState.SENDING, 0)
    lines = []
    if waiting:
        remark = f"pausing {snapshot.paused_s:.0f} s" if snapshot.paused_s > 0 else ""
        is_over = snapshot.stopped or snapshot.interrupted
        remark = "not sent by this run" if is_over else remark or gauge.sending_words()
        lines.append(("to send", waiting, remark))
    if sending:
        again = f"Ctrl-C again leaves {'it' if sending == 1 else 'them'}"
        lines.append(("on their way", sending, again if snapshot.interrupted else ""))
    remarks = {
        FinalState.OPEN: gauge.waiting_words(),
        FinalState.UNKNOWN: "asked about; may need a person"
        if gauge.is_stuck
        else "asked about; an answer may be on its way",
        FinalState.REFUSED: "waits on a person",
        FinalState.REJECTED: "waits on a person",
    }
    lines += [(state.value, n, remarks.get(state, "")) for state, n in counts(states).items()]
    return lines


def stopping_words(snapshot: Snapshot) -> str:
    """Say what a run that was told to stop still waits for."""
    count = snapshot.on_their_way
    if not count:
        return "stopping: no answer is on its way."
    if count == 1:
        return "stopping: 1 answer on its way; Ctrl-C again leaves it"
    return f"stopping: {count:,} answers on their way; Ctrl-C again leaves them"


def words(snapshot: Snapshot, gauge: Gauge) -> str:
    """Say in one line how a run stands."""
    parts = [
        f"{count:,} {name} ({remark})" if remark else f"{count:,} {name}"
        for name, count, remark in lines_of(snapshot, gauge)
    ]
    filled = amounts_of(snapshot)
    ending = f"; filled: {', '.join(filled)}" if filled else ""
    return f"{clock(snapshot.elapsed_s)}  {', '.join(parts)}{ending}"


def amounts_of(snapshot: Snapshot) -> list[str]:
    """Say how much is filled, a text for each currency; none while nothing is."""
    sums = sorted(
        ((total, currency) for currency, total in snapshot.filled.items() if total),
        key=lambda one: (-one[0], one[1]),
    )
    said = [f"{currency} {total:,f}" for total, currency in sums[:CURRENCIES]]
    if (more := len(sums) - CURRENCIES) > 0:
        said.append(f"and {more} more {'currency' if more == 1 else 'currencies'}")
    return said


def done_of(snapshot: Snapshot) -> tuple[int, int]:
    """Give how many rows are at their end, and how many there are of those that are to get there.

    Rows that were never to be sent do not count.
    """
    states = {
        state: count
        for state, count in snapshot.states.items()
        if state not in (OrderState.INVALID, OrderState.SKIPPED)
    }
    return sum(count for state, count in states.items() if state in FINAL), sum(states.values())


def table(snapshot: Snapshot, gauge: Gauge, mark: str = "") -> Table:
    """Lay out how a run stands, for a terminal of 80 columns or more."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    done, total = done_of(snapshot)
    bar = Table.grid(padding=(0, 2, 0, 0))
    bar.add_row(
        Text(mark),
        ProgressBar(total=max(total, 1), completed=done, width=BAR_WIDTH),
        Text(f"{done:,} of {total:,} done"),
    )
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=14, no_wrap=True)
    grid.add_column(min_width=7, justify="right", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    alarm = "bold red" if gauge.is_stuck else "yellow"
    for name, count, remark in lines_of(snapshot, gauge):
        style = alarm if name == FinalState.UNKNOWN else ""
        grid.add_row(Text(mark + name, style), Text(f"{count:,}", style), Text(remark, "dim"))
    for at, amount in enumerate(amounts_of(snapshot)):
        grid.add_row(Text(mark + ("" if at else "amount filled")), "", Text(amount))
    grid.add_row(Text(mark + "time", "dim"), Text(clock(snapshot.elapsed_s), "dim"), "")
    whole = Table.grid()
    whole.add_row(bar)
    whole.add_row(grid)
    return whole


def view(snapshot: Snapshot, gauge: Gauge, mark: str, columns: int) -> Table | Text:
    """Lay out how a run stands for a terminal of so many columns: no count is ever cut off."""
    from rich.text import Text

    if columns < TABLE_WIDTH:
        return Text(mark + words(snapshot, gauge))
    return table(snapshot, gauge, mark)


@contextmanager
def watching(
    say: Callable[[str], None], gauge: Gauge, mark: str, *, quiet: bool
) -> Iterator[Watch]:
    """Show a run's progress on stderr until the block ends."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _live(gauge, mark) as watch:
            yield watch
    else:
        yield _plain(say, gauge)


@contextmanager
def _live(gauge: Gauge, mark: str) -> Iterator[Watch]:
    from rich.live import Live

    from batch.cli.console import console

    shown_at, was_interrupted = -REDRAWN_EVERY_S, False
    with Live(console=console(err=True), auto_refresh=False, transient=True) as live:

        def watch(snapshot: Snapshot) -> None:
            nonlocal shown_at, was_interrupted
            gauge.take(snapshot)
            is_news = snapshot.interrupted and not was_interrupted
            if is_news or snapshot.elapsed_s - shown_at >= REDRAWN_EVERY_S:
                was_interrupted = snapshot.interrupted
                shown_at = snapshot.elapsed_s
                live.update(view(snapshot, gauge, mark, live.console.width), refresh=True)

        yield watch


def _plain(say: Callable[[str], None], gauge: Gauge) -> Watch:
    next_at = LINE_EVERY_S

    def watch(snapshot: Snapshot) -> None:
        nonlocal next_at
        gauge.take(snapshot)
        if snapshot.elapsed_s >= next_at:
            next_at = snapshot.elapsed_s + LINE_EVERY_S
            say(words(snapshot, gauge))

    return watch


def clock(seconds: float) -> str:
    """Say `1:05` for 65 seconds, and `2:00:00` for two hours."""
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
