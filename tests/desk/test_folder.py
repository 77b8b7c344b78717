"""Folders of sheets: nothing is lost, taken twice, or put away that was not read.

Every step of taking and putting away is also tried with a process that dies right after it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from batch.desk import folder as folder_module
from batch.desk.folder import DONE, FAILED, WORKING, Folder, Taken
from batch.errors import SheetError
from batch.lockfile import alone_by


@dataclass
class Listener:
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def say(self, words: str) -> None:
        self.said.append(words)

    def warn(self, words: str) -> None:
        self.warned.append(words)


class Clock:
    """Does not wait; something may happen meanwhile."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._meanwhile = meanwhile

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self._meanwhile()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def write(folder: Path, *names: str, text: str = "sheet") -> None:
    for name in names:
        (folder / name).write_text(text)


def run(
    inbox: Path, listener: Listener, place: str | None = DONE, clock: Clock | None = None
) -> list[str]:
    """Take every sheet, write a report beside it, put it away."""
    folder = Folder(inbox, listener, clock or Clock())
    taken = []
    for one in folder.take_each():
        taken.append(f"{one.name}:{one.path.read_text()}")
        if place is not None:
            finish(folder, one, place)
    return taken


def finish(folder: Folder, one: Taken, place: str) -> list[Path]:
    report = one.path.with_name(f"{Path(one.name).stem}-results-k3vz7q2m.csv")
    report.write_text("report")
    return folder.put_away(one, place, [report], "the reason" if place == FAILED else "")


def files(inbox: Path) -> set[str]:
    return {str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file()}


def test_a_finished_sheet_goes_to_done_with_its_report_and_its_escort(
    inbox: Path, listener: Listener
) -> None:
    write(inbox, "b.csv", "a.xlsx", "a.xlsx.toml", "a.xlsx.approval")

    assert run(inbox, listener) == ["a.xlsx:sheet", "b.csv:sheet"]

    assert files(inbox) == {
        "done/a.xlsx",
        "done/a.xlsx.toml",
        "done/a.xlsx.approval",
        "done/a-results-k3vz7q2m.csv",
        "done/b.csv",
        "done/b-results-k3vz7q2m.csv",
    }


def test_a_refused_sheet_goes_to_failed_with_the_reason(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv")

    run(inbox, listener, FAILED)

    assert (inbox / "failed" / "a.csv.why.txt").read_text() == "the reason"
    assert (inbox / "failed" / "a.csv").exists()


def test_reports_are_named_where_they_are_now(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv")
    elsewhere = inbox.parent / "elsewhere.csv"
    elsewhere.write_text("report")
    folder = Folder(inbox, listener, Clock())

    for one in folder.take_each():
        beside = one.path.with_name("a-results-k3vz7q2m.csv")
        beside.write_text("report")
        moved = folder.put_away(one, DONE, [beside, elsewhere])

    assert moved == [inbox / DONE / beside.name, elsewhere]
    assert all(path.exists() for path in moved)


def test_a_name_that_is_taken_gets_a_number(inbox: Path, listener: Listener) -> None:
    for text in ("monday", "tuesday"):
        write(inbox, "a.csv", text=text)
        run(inbox, listener)

    assert (inbox / "done" / "a.csv").read_text() == "monday"
    assert (inbox / "done" / "a-2.csv").read_text() == "tuesday"


def test_what_is_open_is_gone_on_with_first(inbox: Path, listener: Listener) -> None:
    write(inbox, "b.csv")
    run(inbox, listener, place=None)
    write(inbox, "a.csv")

    assert run(inbox, listener) == ["b.csv:sheet", "a.csv:sheet"]


def test_a_late_file_of_the_same_name_waits_for_the_next_run(
    inbox: Path, listener: Listener
) -> None:
    write(inbox, "a.csv", text="first")
    run(inbox, listener, place=None)
    write(inbox, "a.csv", "a.csv.toml", text="second")

    assert run(inbox, listener) == ["a.csv:first"]
    assert any("a.csv came while an earlier one" in words for words in listener.said)
    assert (inbox / "a.csv.toml").exists()
    assert run(inbox, listener) == ["a.csv:second"]


def test_a_file_that_is_replaced_while_its_orders_are_sent_is_not_put_away(
    inbox: Path, listener: Listener
) -> None:
    write(inbox, "a.csv", text="first")
    folder = Folder(inbox, listener, Clock())
    for one in folder.take_each():
        write(inbox, "a.csv", text="second")  # by name: it is a new file in the folder
        finish(folder, one, DONE)

    assert (inbox / "done" / "a.csv").read_text() == "first"
    assert (inbox / "a.csv").read_text() == "second"


def test_a_file_that_still_grows_in_its_writers_hands_is_not_put_away(
    inbox: Path, listener: Listener
) -> None:
    write(inbox, "a.csv", text="first")
    folder = Folder(inbox, listener, Clock())
    with (inbox / "a.csv").open("a") as writer:
        for one in folder.take_each():
            writer.write(" and more")
            writer.flush()
            finish(folder, one, DONE)

    assert any("it changed after it was read" in words for words in listener.warned)
    assert run(inbox, listener) == ["a.csv:first and more"]


def test_a_file_that_grows_before_it_is_taken_is_left(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv", "empty.csv", text="")

    clock = Clock(lambda: write(inbox, "a.csv", text="more"))

    assert run(inbox, listener, clock=clock) == []
    assert any("a.csv is still being written" in words for words in listener.said)
    assert any("empty.csv is empty, and may just be begun" in words for words in listener.said)
    assert files(inbox) == {"a.csv", "empty.csv"}


@pytest.mark.parametrize(("age_s", "is_taken"), [(-60, False), (299, False), (301, True)])
def test_an_empty_file_is_taken_like_any_other_when_it_has_stayed_so_for_long(
    inbox: Path, listener: Listener, age_s: float, is_taken: bool
) -> None:
    write(inbox, "empty.csv", text="")
    changed_at = Clock().now().timestamp() - age_s
    os.utime(inbox / "empty.csv", (changed_at, changed_at))

    assert run(inbox, listener, FAILED) == (["empty.csv:"] if is_taken else [])
    assert (inbox / "empty.csv").exists() is not is_taken


def test_a_file_that_is_replaced_right_before_the_move_is_left(
    inbox: Path, listener: Listener
) -> None:
    write(inbox, "a.csv")

    def replace(path: Path) -> None:
        write(inbox, "new", text="other")
        os.replace(inbox / "new", path)

    folder = Folder(inbox, listener, Clock(), why_waiting=replace)

    assert list(folder.take_each()) == []
    assert (inbox / "a.csv").read_text() == "other"
    assert not (inbox / WORKING / "a.csv").exists()


def test_what_is_no_order_sheet_is_left_and_named(inbox: Path, listener: Listener) -> None:
    write(inbox, "readme.pdf", ".a.csv", "~$b.xlsx", "c.csv.tmp", "d-results-k3vz7q2m.csv", "e~")

    assert run(inbox, listener) == []
    assert listener.said == ["readme.pdf is no order sheet; it is left where it is."]


def test_a_sheet_that_waits_is_named_and_not_touched(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv", "b.csv")
    folder = Folder(
        inbox,
        listener,
        Clock(),
        why_waiting=lambda path: "it has no companion yet" if path.name == "a.csv" else None,
    )

    assert [one.name for one in folder.take_each()] == ["b.csv"]
    assert listener.warned == ["a.csv waits: it has no companion yet."]
    assert (inbox / "a.csv").exists()


def test_a_sheet_of_which_nothing_was_sent_goes_back(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv", "a.csv.toml")
    folder = Folder(inbox, listener, Clock())

    for one in folder.take_each():
        folder.give_back(one)

    assert files(inbox) == {"a.csv", "a.csv.toml"}


def test_a_sheet_that_another_host_may_still_have_in_hand_stays_where_that_one_has_it(
    inbox: Path, listener: Listener
) -> None:
    (inbox / WORKING).mkdir()
    write(inbox / WORKING, "eod.csv")
    folder = Folder(inbox, listener, Clock())

    for one in folder.take_each():
        folder.give_back(one)

    assert files(inbox) == {"working/eod.csv"}
    assert listener.said == listener.warned == []


def test_a_sheet_does_not_go_back_over_a_newer_one(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv", text="first")
    folder = Folder(inbox, listener, Clock())

    for one in folder.take_each():
        write(inbox, "a.csv", text="second")
        folder.give_back(one)

    assert (inbox / WORKING / "a.csv").read_text() == "first"
    assert (inbox / "a.csv").read_text() == "second"


def test_sheets_can_be_left_where_they_are(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv")
    folder = Folder(inbox, listener, Clock(), keep=True)

    for one in folder.take_each():
        assert one.path == inbox / "a.csv"
        finish(folder, one, DONE)

    assert files(inbox) == {"a.csv", "a-results-k3vz7q2m.csv"}


def test_two_runs_at_once_share(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv", "b.csv", "c.csv")
    first = Folder(inbox, listener, Clock())
    second = Folder(inbox, listener, Clock())

    taken = [
        (next_first.name, [one.name for one in second.take_each() if finish(second, one, DONE)])
        for next_first in first.take_each()
    ]

    names = [name for name, others in taken for name in (name, *others)]
    assert sorted(names) == ["a.csv", "b.csv", "c.csv"]


def test_a_sheet_in_a_live_processs_hands_is_left_to_it(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv")
    run(inbox, listener, place=None)

    with FileLock(inbox / WORKING / ".a.csv.orderbatch-lock"):
        assert run(inbox, listener) == []

    assert any("another process's hands" in words for words in listener.said)


def test_a_run_goes_on_where_another_one_removes_the_empty_folder_at_its_end(
    inbox: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(inbox, "a.csv", "b.csv")

    def alone_after_the_other_ended(place: Path) -> contextlib.AbstractContextManager[bool]:
        if place not in came:
            came.append(place)
            (inbox / WORKING).rmdir()
        return alone_by(place)

    came: list[Path] = []
    monkeypatch.setattr(folder_module, "alone_by", alone_after_the_other_ended)

    assert run(inbox, listener) == ["a.csv:sheet", "b.csv:sheet"]


def test_locks_do_not_pile_up(inbox: Path, listener: Listener) -> None:
    write(inbox, "a.csv")

    run(inbox, listener)

    assert list(inbox.rglob("*lock*")) == []


def test_the_lock_of_a_process_that_died_with_its_sheet_put_away_goes_with_the_next_run(
    inbox: Path, listener: Listener
) -> None:
    (inbox / WORKING).mkdir()
    stale, held = (inbox / WORKING / f".{name}.csv.orderbatch-lock" for name in "ab")
    stale.touch()

    with alone_by(held):
        run(inbox, listener)
        assert (stale.exists(), held.exists()) == (False, True)

    run(inbox, listener)
    assert not (inbox / WORKING).exists()


def test_the_lock_of_a_sheet_that_somebody_may_be_about_to_take_is_left_alone(
    inbox: Path, listener: Listener
) -> None:
    (inbox / WORKING).mkdir()
    place = inbox / WORKING / ".a.csv.orderbatch-lock"
    place.touch()
    (inbox / "a.csv").touch()  # empty, so not yet to be taken

    run(inbox, listener)

    assert place.exists()


def test_a_report_that_a_killed_process_was_writing_goes_with_the_next_run(
    inbox: Path, listener: Listener
) -> None:
    (inbox / WORKING).mkdir()
    half = inbox / WORKING / ".orderbatch-3645ba6f417f146a.tmp"
    half.touch()

    with alone_by(inbox / WORKING / ".a.csv.orderbatch-lock"):
        run(inbox, listener)
        assert half.exists()  # it may be theirs who hold that sheet

    run(inbox, listener)
    assert not (inbox / WORKING).exists()


def test_a_reason_is_not_written_through_a_link(inbox: Path, listener: Listener) -> None:
    victim = inbox.parent / "victim"
    victim.write_text("mine")
    write(inbox, "a.csv")
    (inbox / FAILED).mkdir()
    (inbox / FAILED / "a.csv.why.txt").symlink_to(victim)

    run(inbox, listener, FAILED)

    assert victim.read_text() == "mine"
    assert (inbox / FAILED / "a.csv.why.txt").read_text() == "the reason"


def test_a_folder_that_is_none_is_refused(tmp_path: Path, listener: Listener) -> None:
    with pytest.raises(SheetError, match="expected a folder that can be read"):
        list(Folder(tmp_path / "none", listener, Clock()).take_each())


class Killed(BaseException):
    """The process is gone."""


STEPS = 12
"""More renames and writes than one sheet's way has."""


@pytest.mark.parametrize("place", [DONE, FAILED])
@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_killed_at_any_step_leaves_a_folder_with_which_the_next_run_goes_on(
    inbox: Path,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    step: int,
    when: str,
) -> None:
    write(inbox, "a.csv", "a.csv.toml", "b.csv", text="sheet")
    steps = iter(range(10**6))

    def dying(original: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object) -> object:
            number = next(steps)
            if number == step and when == "before":
                raise Killed
            result = original(*arguments)
            if number == step:
                raise Killed
            return result

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", dying(os.rename))
        patch.setattr(os, "replace", dying(os.replace))
        patch.setattr(folder_module, "_write", dying(folder_module._write))
        with contextlib.suppress(Killed):
            run(inbox, listener, place)

    run(inbox, listener, place)

    left = files(inbox)
    assert {f"{place}/a.csv", f"{place}/b.csv", f"{place}/a.csv.toml"} <= left
    assert not any(name.startswith(WORKING) for name in left), left
    assert sum(name.endswith(("/a.csv", "/a-2.csv")) for name in left) == 1
