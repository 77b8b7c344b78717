"""Taking a batch over from another host by a word."""

from __future__ import annotations

from typing import Any
from unittest import mock

from batch.desk import Desk
from batch.desk.outcome import Outcome
from batch.desk.verdict import Verdict
from tests.cli.conftest import Office


def test_resume_takes_a_batch_over_only_when_it_is_told_to(office: Office) -> None:
    asked: list[bool] = []

    def resume(_: Desk, batch: str, how: Any) -> Outcome:
        asked.append(how.take_over)
        return Outcome(Verdict.DONE)

    with mock.patch.object(Desk, "resume", resume):
        office.call("resume", "abc")
        office.call("resume", "abc", "--take-over")

    assert asked == [False, True]
