"""What a command came to, whether it succeeded, was refused or failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from batch.desk.standing import counts
from batch.desk.verdict import Verdict
from batch.errors import BatchError
from batch.model import BatchRecord, EventRecord, OrderRecord, Problem, Validation
from batch.report import Background, MarkedCopy
from batch.report.background import NOTHING_ELSE
from batch.states import FinalState, OrderState

if TYPE_CHECKING:
    # Whoever checks a sheet waits neither for the journal nor for the venue.
    from batch.journal import Stop
    from batch.journal.examining import Examination
    from batch.plan.identity import Login
    from batch.run.alarms import Alarm
    from batch.run.options import Outcome as RunEnd
    from batch.run.reconciling import Reconciliation


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What one sheet, or one batch, came to.

    Attributes:
        sheet: its file; None where it is not about a file.
        batch: None where none was made.
        states: how many rows stand how.
        run: how the run ended; None where nothing ran now.
        sends: the run was to send what was not sent.
        has_sent: this command has sent something of it.
        stopped: a stop stands, of this batch or of everything: nothing of it is sent.
        run_by: another process, which runs it just now; empty where none does.
        unknown: the first rows that are UNKNOWN, to be named.
        alarms: what must not be, of this command or an earlier one; each stands until a person has
            looked.
        can_be_mended: there are rows that may be given back for mending.
        reports: the files that were written.
        orders: every row, where they were asked for.
        background: what these rows do not know, where they were asked for.
        validation: what was read, where the sheet was refused for it.
        error: why it was not done; None where it was.
    """

    verdict: Verdict
    sheet: Path | None = None
    batch: BatchRecord | None = None
    states: Mapping[OrderState, int] = field(default_factory=dict)
    run: RunEnd | None = None
    sends: bool = True
    has_sent: bool = False
    stopped: Stop | None = None
    run_by: str = ""
    unknown: tuple[OrderRecord, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    can_be_mended: bool = False
    reports: tuple[Path, ...] = ()
    orders: Sequence[OrderRecord] = ()
    background: Background = NOTHING_ELSE
    validation: Validation | None = None
    error: BatchError | None = None


@dataclass(frozen=True, slots=True)
class ToldDay:
    """A trading day, without the rows: those of a large batch are the open journal's.

    Attributes:
        words: how it stands, a line each.
        document: the same for a program.
    """

    words: tuple[str, ...]
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to.

    Attributes:
        batches: one for each sheet or batch that it was about, as far as it got.
        validation: what `check` read.
        gates: what of the settings' limits keeps that from being sent.
        approval_code: the code of exactly these orders; None where there is none to give.
        login: whose orders these would be, where the settings say it.
        marked: the copy of the sheet with its problems marked.
        day: how a trading day stands, over all its batches.
        events: the history of one row, oldest first.
        files: the reports that are about no single batch.
        words: what was recorded, in words.
        error: why the command as a whole was not done; None where it was.
    """

    verdict: Verdict
    batches: tuple[BatchResult, ...] = ()
    validation: Validation | None = None
    gates: tuple[str, ...] = ()
    approval_code: str | None = None
    login: Login | None = None
    marked: MarkedCopy | None = None
    day: ToldDay | None = None
    events: tuple[EventRecord, ...] = ()
    files: tuple[Path, ...] = ()
    words: str = ""
    reconciliation: Reconciliation | None = None
    examination: Examination | None = None
    error: BatchError | None = None

    @property
    def counts(self) -> Mapping[FinalState, int]:
        """How many rows of all batches are in which final state."""
        sums: Counter[OrderState] = Counter()
        for result in self.batches:
            sums.update(result.states)
        return counts(sums)

    @property
    def reports(self) -> tuple[Path, ...]:
        """All files that were written."""
        return (*self.files, *(path for result in self.batches for path in result.reports))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has to be mended in the sheets."""
        checked = [self.validation, *(result.validation for result in self.batches)]
        return tuple(problem for found in checked if found for problem in found.problems)
