"""A journal, a clock, a venue, and a way to run a batch between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from batch.journal import Journal
from batch.model import OrderRecord, Validation
from batch.plan.commit import Planned, commit
from batch.plan.draft import Draft, PlanOptions
from batch.run.options import Outcome, RunOptions, Snapshot
from batch.run.run import Run
from tests.plan.planning import draw_up
from tests.run.doubles import LOGIN, FakeClock, InlineWorkers, ScriptedVenue


def let_all_leave(run: Run) -> None:
    """Have a run begin where its first order was seen alone already."""
    run._pilot.begin = lambda **_: None  # type: ignore[method-assign]


@dataclass
class Desk:
    """Everything that a run needs, with time in the test's hand."""

    journal: Journal
    clock: FakeClock
    venue: ScriptedVenue
    workers: InlineWorkers

    def draft(self, validation: Validation, run: str = "", **options: object) -> Draft:
        """Draw up a sheet."""
        how = PlanOptions(**options)  # type: ignore[arg-type]
        return draw_up(self.journal, validation, LOGIN, how, self.clock.now(), run)

    def plan(self, validation: Validation, run: str = "", **options: object) -> Planned:
        """Draw up a sheet and commit it."""
        return commit(self.journal, self.draft(validation, run, **options), self.clock.now())

    def make_run(self, batch_id: str, **options: object) -> Run:
        """Make a run over a planned batch."""
        return self._make_run(batch_id, lambda _: None, options)

    def make_dying_run(self, batch_id: str, **options: object) -> Run:
        """Make a run that ends as soon as its first orders are on their way, all at once."""

        def die(_: Snapshot) -> None:
            run.stop()
            run.stop()

        run = self._make_run(batch_id, die, options)
        let_all_leave(run)
        return run

    def _make_run(
        self, batch_id: str, watch: Callable[[Snapshot], None], options: dict[str, object]
    ) -> Run:
        self.journal.holds.take(batch_id, self.clock.now())
        return Run(
            self.journal,
            batch_id,
            self.venue,
            self.workers,
            self.clock,
            RunOptions(**options),  # type: ignore[arg-type]
            watch,
        )

    def submit(self, validation: Validation, **options: object) -> tuple[str, Outcome]:
        """Plan a sheet and run it to the end."""
        batch_id = self.plan(validation).batch.batch_id
        return batch_id, self.make_run(batch_id, **options).execute()

    def orders(self, batch_id: str) -> list[OrderRecord]:
        """Give the rows of a batch."""
        return list(self.journal.orders(batch_id))

    def kinds(self, batch_id: str, row: int | None) -> list[str]:
        """Give the history of a row as words."""
        return [event.kind for event in self.journal.events(batch_id) if event.row == row]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = FakeClock()
    with Journal.open(str(tmp_path / "journal.db")) as journal:
        yield Desk(journal, clock, ScriptedVenue(clock), InlineWorkers(clock))
