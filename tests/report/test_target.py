"""A report is written whole or not at all, and never at the cost of an older one."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batch import report
from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord
from tests.report.conftest import StoppedClock

SIBLING = "out-20261030T160930Z.csv"


@pytest.fixture
def old_report(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> Path:
    """An earlier report of the same batch."""
    earlier = [replace(order, message="old") for order in orders]
    return report.write(tmp_path / "out.csv", batch, earlier, clock=clock)


def is_old(path: Path) -> bool:
    return ",old," in path.read_text()


def test_suffix_that_is_no_format_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        ReportError, match=r'ends in \.xlsx, \.csv, \.json or \.html, found "\.xls"'
    ):
        report.check_target(tmp_path / "out.xls")


def test_suffix_is_read_without_regard_to_case(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    assert report.write(tmp_path / "OUT.CSV", batch, [], clock=clock).exists()


def test_missing_folder_is_refused_early_by_name(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"there is no folder .*gone; make it"):
        report.check_target(tmp_path / "gone" / "out.csv")


def test_folder_as_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()

    with pytest.raises(ReportError, match="this is a folder; name a file in it"):
        report.check_target(tmp_path / "out.csv")


def test_folder_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(ReportError, match="no permission to write into the folder"):
        report.check_target(tmp_path / "out.csv")


def test_good_target_is_accepted(tmp_path: Path) -> None:
    report.check_target(tmp_path / "out.xlsx")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_new_report_can_be_read_by_whom_the_umask_allows(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    mask = os.umask(0o022)
    try:
        path = report.write(tmp_path / "out.csv", batch, [], clock=clock)
    finally:
        os.umask(mask)

    assert path.stat().st_mode & 0o777 == 0o640


def test_replaced_report_keeps_its_permissions(
    old_report: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    old_report.chmod(0o660)

    report.write(old_report, batch, orders, clock=clock)

    assert old_report.stat().st_mode & 0o777 == 0o660
    assert not is_old(old_report)


def test_target_open_elsewhere_gives_a_sibling_with_the_time(
    old_report: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really_replace = os.replace

    def refuse_the_target(source: Path, destination: Path) -> None:
        if Path(destination) == old_report:
            raise PermissionError(errno.EACCES, "in use")
        really_replace(source, destination)

    monkeypatch.setattr(os, "replace", refuse_the_target)

    written = report.write(old_report, batch, orders, clock=clock)

    assert written == old_report.with_name(SIBLING)
    assert is_old(old_report)
    assert sorted(path.name for path in old_report.parent.iterdir()) == [SIBLING, "out.csv"]


@pytest.mark.parametrize("mark", [".~lock.out.csv#", "~$out.csv"])
def test_target_with_the_mark_of_a_spreadsheet_program_is_left_alone(
    mark: str, old_report: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    old_report.with_name(mark).touch()

    first = report.write(old_report, batch, orders, clock=clock)
    second = report.write(old_report, batch, orders, clock=clock)

    assert first.name == SIBLING
    assert second.name == "out-20261030T160930Z-2.csv"
    assert is_old(old_report)


def test_read_only_target_is_left_alone(
    old_report: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != old_report)

    assert report.write(old_report, batch, orders, clock=clock).name == SIBLING


def test_folder_that_goes_away_while_writing_is_named(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, destination: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(os, "link", fail)

    with pytest.raises(ReportError, match=r"the folder .* is gone; make it again"):
        report.write(tmp_path / "out.csv", batch, [], clock=clock)


def test_blank_sheet_has_no_sibling_where_the_target_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, destination: Path) -> None:
        raise PermissionError(errno.EACCES, "in use")

    path = report.write_template(tmp_path / "orders.xlsx")
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", refuse)

    with pytest.raises(ReportError, match="or the file is open elsewhere"):
        report.write_template(path, placing=report.Placing(force=True))

    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EACCES, "no permission to write"),
        (errno.EIO, "could not be written"),
    ],
)
def test_failing_disk_leaves_the_old_report_and_no_remains(
    number: int,
    words: str,
    old_report: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(ReportError, match=words) as caught:
        report.write(old_report, batch, orders, clock=clock)

    assert "The orders and the journal are untouched" in str(caught.value)
    assert [path.name for path in old_report.parent.iterdir()] == ["out.csv"]
    assert is_old(old_report)


def test_ctrl_c_in_the_middle_leaves_the_old_report_and_no_remains(
    old_report: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(source: Path, destination: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)

    with pytest.raises(KeyboardInterrupt):
        report.write(old_report, batch, orders, clock=clock)

    assert [path.name for path in old_report.parent.iterdir()] == ["out.csv"]
    assert is_old(old_report)


def test_file_system_that_cannot_sync_a_folder_stops_nothing(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_sync = os.fsync

    def sync_files_only(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        really_sync(descriptor)

    monkeypatch.setattr(os, "fsync", sync_files_only)

    assert report.write(tmp_path / "out.csv", batch, [], clock=clock).exists()


_ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from datetime import UTC, datetime
from batch import report
from batch.clock import SystemClock
from batch.errors import ReportError
from batch.model import BatchRecord, Column, OrderRecord
from batch.states import OrderState

columns = (Column("note", "note", "A"),)
batch = BatchRecord("b", "s.csv", None, columns, 5000, "http://x", "o", "u", False,
                    datetime.now(UTC))
orders = [OrderRecord("b", row, (str(hash(("x", row))) * 5,), OrderState.INVALID)
          for row in range(5000)]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    report.write(Path(sys.argv[1]), batch, orders, clock=SystemClock())
except ReportError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
@pytest.mark.parametrize(
    ("suffix", "limit"),
    [
        *itertools.product((".xlsx", ".csv", ".json"), (20_000, 200_000)),
        # A page lists few of the rows, and never comes to much.
        (".html", 5_000),
    ],
)
def test_disk_that_fills_up_gives_one_clear_message_and_no_remains(
    suffix: str, limit: int, tmp_path: Path
) -> None:
    target = tmp_path / f"out{suffix}"

    run = subprocess.run(
        [sys.executable, "-c", _ON_A_SMALL_DISK, str(target), str(limit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "the disk is full; make room" in run.stdout
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []
