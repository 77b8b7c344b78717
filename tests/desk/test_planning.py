"""How often a submission reads, draws up and writes: once a sheet, and nothing for a look."""

from __future__ import annotations

import hashlib
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from batch.config import Settings
from batch.desk import Desk, Submission, Verdict, submitting
from batch.journal import Journal
from batch.model import Validation
from batch.plan import identity
from tests.desk.test_desk import FILLED, HEADER, Notebook, settings, venue

__all__ = ["settings", "venue"]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count hashes, drafts, and each transaction that writes before a batch's first claim."""
    counts: Counter[str] = Counter()
    is_claimed = False

    def count(name: str, original: Any) -> Any:
        def counting(*args: Any, **named: Any) -> Any:
            counts[name] += not is_claimed
            return original(*args, **named)

        return counting

    def apply(original: Any) -> Any:
        def applying(self: Journal, batch_id: str, changes: Any, now: Any) -> None:
            counts["applied"] += bool(changes) and not is_claimed
            original(self, batch_id, changes, now)

        return applying

    def claim(original: Any) -> Any:
        def claiming(*args: Any) -> Any:
            nonlocal is_claimed
            is_claimed = True
            return original(*args)

        return claiming

    def planning(original: Any) -> Any:
        def begin(*args: Any) -> Any:
            nonlocal is_claimed
            is_claimed = False
            counts["plannings"] += 1
            return original(*args)

        return begin

    monkeypatch.setattr(identity, "content_hash", count("hashes", identity.content_hash))
    monkeypatch.setattr(submitting, "draft", count("drafts", submitting.draft))  # type: ignore[attr-defined]
    monkeypatch.setattr(Journal, "planning", planning(Journal.planning))
    monkeypatch.setattr(Journal, "note", count("notes", Journal.note))
    monkeypatch.setattr(Journal, "apply", apply(Journal.apply))
    monkeypatch.setattr(Journal, "claim", claim(Journal.claim))
    return counts


def two_sheets(folder: Path) -> list[Path]:
    sheets = []
    for number in (1, 2):
        path = folder / f"orders-{number}.csv"
        path.write_text(HEADER + FILLED.replace("100000", f"10000{number}"))
        sheets.append(path)
    return sheets


def test_a_submit_reads_draws_up_and_plans_each_sheet_once(
    settings: Settings, tmp_path: Path, counted: Counter[str]
) -> None:
    listener = Notebook()

    outcome = Desk(settings, listener=listener).submit(two_sheets(tmp_path), Submission(asks=True))

    assert outcome.verdict is Verdict.DONE
    assert len(listener.asked) == 1
    assert counted["hashes"] == 2
    assert counted["drafts"] == 2
    assert counted["plannings"] == 2
    assert counted["notes"] == 2, "beside the plans, a start each"


def test_a_dry_run_writes_nothing_and_leaves_no_journal(
    settings: Settings, tmp_path: Path, counted: Counter[str]
) -> None:
    outcome = Desk(settings).submit(two_sheets(tmp_path), Submission(dry_run=True))

    assert outcome.verdict is Verdict.DONE
    assert counted == {"hashes": 2, "drafts": 2}
    assert not Path(settings.journal or "").exists()


def test_a_dry_run_beside_what_was_sent_leaves_the_journal_as_it_is(
    settings: Settings, tmp_path: Path, counted: Counter[str]
) -> None:
    sheets = two_sheets(tmp_path)
    Desk(settings).submit(sheets[:1])
    before = content_of(settings)

    Desk(settings).submit(sheets, Submission(dry_run=True))

    assert content_of(settings) == before


def test_a_check_makes_one_hash_and_writes_nothing(
    settings: Settings, tmp_path: Path, counted: Counter[str]
) -> None:
    outcome = Desk(settings).check(two_sheets(tmp_path)[0])

    assert outcome.approval_code is not None
    assert counted == {"hashes": 1}
    assert not Path(settings.journal or "").exists()


def test_a_batch_is_listed_once_for_its_report_and_not_again_for_its_verdict(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    listing = Journal.listing

    def counting(journal: Journal, batch_id: str) -> Any:
        listed.append(batch_id)
        return listing(journal, batch_id)

    monkeypatch.setattr(Journal, "listing", counting)

    outcome = Desk(settings).submit(two_sheets(tmp_path))

    assert outcome.verdict is Verdict.DONE
    assert len(listed) == len(set(listed)) == 2


class Watched(Validation):
    """A checked sheet of which it can be told whether somebody holds it still."""


def test_a_sheet_is_let_go_of_before_its_orders_are_sent(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets: list[weakref.ref[Watched]] = []
    held: list[list[bool]] = []
    read, go_on = submitting.read_and_validate, submitting.go_on  # type: ignore[attr-defined]

    def reading(*args: Any) -> Watched:
        found = read(*args)
        watched = Watched(found.sheet, found.orders, found.problems, found.warnings)
        sheets.append(weakref.ref(watched))
        return watched

    def going_on(*args: Any) -> Any:
        held.append([sheet() is not None for sheet in sheets])
        return go_on(*args)

    monkeypatch.setattr(submitting, "read_and_validate", reading)
    monkeypatch.setattr(submitting, "go_on", going_on)

    outcome = Desk(settings).submit(two_sheets(tmp_path))

    assert outcome.verdict is Verdict.DONE
    assert held == [[False, True], [False, False]]


def content_of(settings: Settings) -> str:
    """Hash every row of every table."""
    with Journal.open(settings.journal or "", read_only=True) as journal:
        connection: Any = journal._database
        with connection.reading() as reading:
            text = "\n".join(reading.connection.driver_connection.iterdump())
    return hashlib.sha256(text.encode()).hexdigest()
