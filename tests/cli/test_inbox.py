"""Folder runs: which sheets are taken, and where each goes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock

from batch.clock import SystemClock
from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Call, Office


class HastyClock(SystemClock):
    """Does not wait for files to come to rest; a test may do something meanwhile."""

    meanwhile: list[Path] = []  # noqa: RUF012

    def sleep(self, seconds: float) -> None:
        for path in self.meanwhile:
            path.write_text("more")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[HastyClock]]:
    monkeypatch.setattr("batch.desk.desk.SystemClock", HastyClock)
    HastyClock.meanwhile = []
    yield HastyClock


@pytest.fixture
def folder(desk: Office) -> Path:
    (desk.folder / "in").mkdir()
    return desk.folder / "in"


def names(folder: Path) -> list[str]:
    return sorted(path.name.split("-results-")[0] for path in folder.iterdir())


def test_a_file_that_stays_empty_is_refused_by_name_however_quiet(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    desk.sheet(FILLED, name="in/a.csv")
    (folder / "empty.csv").touch()
    os.utime(folder / "empty.csv", (1_000_000_000, 1_000_000_000))

    call = desk.call("submit", folder, "--yes", "--quiet")

    assert (call.code, venue.ledger.posts) == (3, 1)
    assert "empty.csv: the file is empty (zero bytes)" in call.err
    assert names(folder) == ["done", "failed"]
    assert "zero bytes" in (folder / "failed" / "empty.csv.why.txt").read_text()


def test_each_sheet_is_a_batch_and_goes_where_its_result_belongs(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    desk.sheet(FILLED, name="in/a.csv")
    desk.sheet("EUR/USD,Buy,-3,1.2,IOC\n", name="in/b.csv")
    desk.sheet(EXPIRED, name="in/c.csv", first_size=5)

    call = desk.call("submit", folder, "--yes", "--json")

    assert call.code == 3
    assert names(folder) == ["done", "failed"]
    assert names(folder / "done") == ["a", "a.csv", "c", "c.csv"]
    assert names(folder / "failed") == ["b.csv", "b.csv.why.txt"]
    assert '"-3"' in (folder / "failed" / "b.csv.why.txt").read_text()
    assert [document["exit_code"] for document in call.json["batches"]] == [0, 3, 1]
    assert venue.ledger.posts == 2
    assert len(desk.call("batches", "--json").json["batches"]) == 2


def test_sheets_can_be_left_where_they_are(desk: Office, venue: Simulator, folder: Path) -> None:
    sheet = desk.sheet(FILLED, name="in/a.csv")

    codes = [desk.call("submit", folder, "--yes", "--keep").code for _ in range(2)]

    assert codes == [0, 0]
    assert sheet.exists()
    assert venue.ledger.posts == 1


def test_a_sheet_with_open_orders_stays_and_the_next_run_goes_on_with_it(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    sheet = desk.sheet(OPEN, name="in/a.csv")

    first = desk.call("submit", folder, "--yes", "--wait", "200ms")
    stayed = (folder / "working" / sheet.name).exists()
    second = desk.call("submit", folder, "--yes", "--wait", "200ms", "--cancel-open")

    assert (first.code, stayed) == (4, True)
    assert second.code == 1
    assert names(folder / "done") == ["a", "a.csv"]
    assert venue.ledger.posts == 1


@pytest.mark.parametrize(
    "name", ["~$a.xlsx", ".a.csv", "a.csv.tmp", "a-results-k3vz7q2m.csv", "a.pdf", "a.csv~"]
)
def test_what_is_no_order_sheet_is_not_touched(
    desk: Office, venue: Simulator, folder: Path, name: str
) -> None:
    sheet = desk.sheet(FILLED, name=f"in/{name}")

    call = desk.call("submit", folder, "--yes")

    assert call.code == 0
    assert "holds no order sheets" in call.err
    assert sheet.exists()
    assert venue.ledger.posts == 0


@pytest.mark.parametrize("suffix", [".toml", ".approval"])
def test_what_came_for_a_sheet_that_did_not_is_named(
    desk: Office, venue: Simulator, folder: Path, suffix: str
) -> None:
    desk.sheet(FILLED, name="in/a.csv")
    (folder / "a.csv.toml").write_text("rows = 1\n")
    escort = folder / f"eod.csv{suffix}"
    escort.write_text("rows = 1\n")

    calls = [desk.call("submit", folder, "--yes") for _ in range(2)]

    assert ([call.code for call in calls], venue.ledger.posts) == ([0, 0], 1)
    for call in calls:
        words = " ".join(call.err.split())
        assert f"eod.csv{suffix} waits: its sheet eod.csv is not there." in words
        assert "a.csv.toml waits" not in words
    assert escort.exists()


def test_a_file_that_still_grows_is_left_for_the_next_run(
    desk: Office, venue: Simulator, folder: Path, hasty: type[HastyClock]
) -> None:
    hasty.meanwhile = [desk.sheet(FILLED, name="in/a.csv")]
    (folder / "empty.csv").touch()

    call = desk.call("submit", folder, "--yes")

    assert call.code == 0
    assert "a.csv is still being written; it is left for the next run" in call.err
    assert "empty.csv is empty, and may just be begun; it waits for the next run" in call.err
    assert venue.ledger.posts == 0


def test_a_sheet_in_another_processs_hands_is_left_to_that(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    desk.sheet(FILLED, name="in/a.csv")
    desk.sheet(FILLED, name="in/b.csv", first_size=5)

    (folder / "working").mkdir()
    with FileLock(folder / "working" / ".a.csv.orderbatch-lock"):
        call = desk.call("submit", folder, "--yes")

    assert call.code == 0
    assert "a.csv is in another process's hands" in call.err
    assert venue.ledger.posts == 1
    assert (folder / "a.csv").exists()


def test_two_processes_at_once_send_each_row_once(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    for number in range(4):
        desk.sheet(FILLED, FILLED, name=f"in/{number}.csv", first_size=10 + 10 * number)

    processes = [desk.start("submit", folder, "--yes") for _ in range(2)]
    codes = [(process.communicate(timeout=60), process.returncode)[1] for process in processes]

    assert codes == [0, 0]
    assert venue.ledger.posts == 8
    assert len([name for name in names(folder / "done") if name.endswith(".csv")]) == 4


def test_a_name_that_was_used_before_is_not_lost(desk: Office, folder: Path) -> None:
    desk.sheet(FILLED, name="in/a.csv")
    desk.call("submit", folder, "--yes")
    desk.sheet(FILLED, name="in/a.csv", first_size=5)

    desk.call("submit", folder, "--yes")

    assert {"a.csv", "a-2.csv"} <= set(names(folder / "done"))


def test_a_wrong_password_is_tried_once_and_the_sheets_stay(
    desk: Office, venue: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERBATCH_PASSWORD", "wrong-pass")
    desk.sheet(FILLED, name="in/a.csv")
    desk.sheet(FILLED, name="in/b.csv", first_size=5)

    call = desk.call("submit", folder, "--yes")

    assert call.code == 78
    assert venue.requests.count("login") == 1
    assert names(folder) == ["a.csv", "b.csv"]


def test_a_refused_duplicate_says_why_beside_the_sheet(desk: Office, folder: Path) -> None:
    desk.call("submit", desk.sheet(FILLED), "--yes")
    desk.sheet(FILLED, FILLED, name="in/a.csv")

    call = desk.call("submit", folder, "--yes")

    assert call.code == 3
    assert "sent" in (folder / "failed" / "a.csv.why.txt").read_text()


@pytest.mark.parametrize("extra", [("--expect-rows", "1"), ("another.csv",)])
def test_what_makes_no_sense_with_a_folder_is_wrong_usage(
    desk: Office, folder: Path, extra: tuple[str, ...]
) -> None:
    assert desk.call("submit", folder, "--yes", *extra).code == 2


def test_a_sheet_that_cannot_be_moved_is_named(
    desk: Office, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sheet(FILLED, name="in/a.csv")
    (folder / "done").write_text("not a folder")

    call = desk.call("submit", folder, "--yes")

    assert call.code == 0
    assert "Move it by hand" in call.err


def test_a_folder_that_cannot_be_read_is_refused(
    desk: Office, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(_: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", deny)

    call = desk.call("submit", folder, "--yes")

    assert call.code == 3
    assert "Permission denied" in call.err


def test_the_report_is_named_where_it_lies_in_the_end(desk: Office, folder: Path) -> None:
    desk.sheet(FILLED, name="in/a.csv")

    call = desk.call("submit", folder, "--yes")

    (report,) = (folder / "done").glob("a-results-*.xlsx")
    assert call.out == f"{report}\n"
    assert "working" not in call.err


def test_a_refused_sheet_has_the_exit_code_beside_it(desk: Office, folder: Path) -> None:
    desk.sheet("EUR/USD,Buy,-3,1.2,IOC\n", name="in/a.csv")

    call = desk.call("submit", folder, "--yes")

    assert call.code == 3
    assert "exit code 3" in (folder / "failed" / "a.csv.why.txt").read_text()


def test_a_sheet_waits_for_its_companion_where_that_is_required(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    config = desk.folder / "config.toml"
    config.write_text('[inbox]\ncompanion = "required"\n')
    sheet = desk.sheet(FILLED, name="in/a.csv")

    first = desk.call("submit", folder, "--yes", "--config", config)
    waits = sheet.exists()
    sheet.with_name("a.csv.toml").write_text("rows = 1\n")
    second = desk.call("submit", folder, "--yes", "--config", config)

    assert (first.code, waits, second.code) == (0, True, 0)
    assert "a.csv waits: its companion file a.csv.toml is not there yet." in first.err
    assert {"a.csv", "a.csv.toml"} <= set(names(folder / "done"))
    assert venue.ledger.posts == 1


def expect(desk: Office, folder: Path, *patterns: str) -> Call:
    words = [word for pattern in patterns for word in ("--expect-sheet", pattern)]
    return desk.call("submit", folder, "--yes", *words)


def test_an_expected_sheet_that_does_not_come_is_told(desk: Office, folder: Path) -> None:
    call = expect(desk, folder, "eod-{date}*.csv")

    assert call.code == 3
    assert f"expected a sheet named eod-{date.today()}*.csv" in call.err


def test_an_expected_sheet_may_have_come_in_an_earlier_run_of_the_day(
    desk: Office, folder: Path
) -> None:
    desk.sheet(FILLED, name="in/eod-1.csv")

    assert expect(desk, folder, "eod-*.csv").code == 0
    assert expect(desk, folder, "eod-*.csv").code == 0
    assert expect(desk, folder, "eod-*.csv", "noon-*.csv").code == 3


def test_a_sheet_that_was_refused_has_come(desk: Office, folder: Path) -> None:
    desk.sheet("EUR/USD,Buy,-3,1.2,IOC\n", name="in/eod-1.csv")

    assert expect(desk, folder).code == 3
    assert expect(desk, folder, "eod-*.csv").code == 0


def test_expected_sheets_without_a_folder_are_wrong_usage(desk: Office) -> None:
    assert expect(desk, desk.sheet(FILLED), "eod-*.csv").code == 2


def test_while_everything_is_stopped_the_sheets_stay_where_they_are(
    desk: Office, venue: Simulator, folder: Path
) -> None:
    sheet = desk.sheet(FILLED, name="in/a.csv")
    desk.call("stop", "--all")

    call = desk.call("submit", folder, "--yes")

    assert call.code == 3
    assert sheet.exists()
    assert "orderbatch stop --all --release" in call.err


def test_a_folder_that_is_named_from_where_one_stands_keeps_its_reports_together(
    desk: Office, folder: Path
) -> None:
    desk.sheet(FILLED, name="in/a.csv")

    call = desk.call("submit", folder.relative_to(Path.cwd()), "--yes")

    assert call.code == 0
    assert names(folder) == ["done"]
    assert names(folder / "done") == ["a", "a.csv"]
