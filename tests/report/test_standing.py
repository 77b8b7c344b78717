"""What stands at a target is replaced only where it is this batch's, or was made to be."""

from __future__ import annotations

import errno
import os
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch import report
from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord
from batch.report.target import NAME_BYTES, fitting
from tests.report.conftest import StoppedClock

MakeBatch = Callable[..., BatchRecord]


@pytest.fixture(params=report.FORMATS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"out{request.param}"


def of_another_batch(orders: list[OrderRecord]) -> list[OrderRecord]:
    """The same rows, sent in another run: other IDs at the venue."""
    return [
        replace(
            order,
            batch_id="other",
            server_order_id=order.server_order_id and f"9{order.server_order_id}",
        )
        for order in orders
    ]


def test_results_of_the_batch_are_replaced(
    target: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    report.write(target, batch, [replace(o, message="old") for o in orders], clock=clock)
    before = target.read_bytes()

    report.check_results_target(target, batch, lambda: orders)

    assert report.write(target, batch, orders, clock=clock) == target
    assert target.read_bytes() != before


def test_results_of_another_batch_are_refused_before_and_left_alone_after(
    target: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    make_batch: MakeBatch,
) -> None:
    report.write(target, make_batch(batch_id="other"), of_another_batch(orders), clock=clock)
    before = target.read_bytes()
    words = "was not made by orderbatch for this" if target.suffix == ".csv" else "batch other"
    told: list[str] = []

    with pytest.raises(report.TargetTaken, match=words):
        report.check_results_target(target, batch, lambda: orders)
    written = report.write(
        target, batch, orders, clock=clock, placing=report.Placing(say=told.append)
    )

    assert written == target.with_name(f"out-20261030T160930Z{target.suffix}")
    assert len(told) == 1
    assert words in told[0] and told[0].endswith(f"; the report is {written}")
    assert target.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"mine", b"PK\x03\x04", b'{"batch": {"id": 5}', b"\xff"])
def test_strangers_file_is_refused_before_and_left_alone_after(
    content: bytes,
    target: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
) -> None:
    target.write_bytes(content)

    with pytest.raises(report.TargetTaken):
        report.check_results_target(target, batch, lambda: orders)
    written = report.write(target, batch, orders, clock=clock)

    assert written != target
    assert target.read_bytes() == content
    assert (
        report.write(target, batch, orders, clock=clock, placing=report.Placing(force=True))
        == target
    )
    assert target.read_bytes() == written.read_bytes() or target.suffix == ".xlsx"


def test_batch_that_the_journal_does_not_know_yet_has_made_no_file(
    target: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    make_batch: MakeBatch,
) -> None:
    report.write(target, batch, orders, clock=clock)

    with pytest.raises(report.TargetTaken):
        report.check_results_target(target, None, list)


def test_csv_that_somebody_changed_is_not_replaced(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    target = report.write(tmp_path / "out.csv", batch, orders, clock=clock)
    target.write_text(target.read_text().replace("payroll", "rent", 1))

    assert report.write(target, batch, orders, clock=clock) != target
    assert "rent" in target.read_text()


def test_workbook_that_somebody_saved_since_is_left_alone_but_stops_nothing(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    target = report.write(tmp_path / "out.xlsx", batch, orders, clock=clock)
    workbook = load_workbook(target)
    workbook["Results"]["A1"] = "my own words"
    workbook.properties.lastModifiedBy = "Bea"
    workbook.save(target)
    told: list[str] = []

    report.check_results_target(target, batch, lambda: orders)
    written = report.write(
        target, batch, orders, clock=clock, placing=report.Placing(say=told.append)
    )

    assert written != target
    assert "was saved by somebody else since orderbatch made it, and is left alone" in told[0]
    assert load_workbook(target)["Results"]["A1"].value == "my own words"


def test_workbook_that_libreoffice_saved_is_left_alone(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    """It keeps the name of whoever saved a workbook before, and puts its own in app.xml."""
    written = report.write(tmp_path / "written.xlsx", batch, orders, clock=clock)
    target = tmp_path / "out.xlsx"
    with zipfile.ZipFile(written) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "docProps/app.xml":
                content = re.sub(
                    rb"<Application>.*?</AppVersion>",
                    b"<Application>LibreOffice/7.4</Application><AppVersion>15.0000</AppVersion>",
                    content,
                    flags=re.DOTALL,
                )
            after.writestr(name, content)
    before_bytes = target.read_bytes()

    assert report.write(target, batch, orders, clock=clock) != target
    assert report.write(written, batch, orders, clock=clock) == written
    assert target.read_bytes() == before_bytes


def test_workbook_from_before_there_were_marks_is_known_by_its_title(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    target = report.write(tmp_path / "out.xlsx", batch, orders, clock=clock)
    workbook = load_workbook(target)
    workbook.properties.category = None
    workbook.properties.lastModifiedBy = None
    workbook.save(target)

    assert report.write(target, batch, orders, clock=clock) == target


def test_no_link_is_followed(
    target: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    behind = report.write(target.with_name(f"real{target.suffix}"), batch, orders, clock=clock)
    before = behind.read_bytes()
    target.symlink_to(behind)

    for force in (False, True):
        with pytest.raises(ReportError, match=r'is a symbolic link, to ".*real.*", and is not'):
            report.check_results_target(target, batch, lambda: orders)
        written = report.write(
            target, batch, orders, clock=clock, placing=report.Placing(force=force)
        )
        assert written != target
        assert target.is_symlink()
        assert behind.read_bytes() == before


def test_link_to_nothing_is_not_followed(
    target: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    target.symlink_to(target.with_name("nothing"))

    with pytest.raises(ReportError, match="is a symbolic link"):
        report.check_target(target)
    report.write(target, batch, orders, clock=clock)

    assert not target.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused_without_waiting_for_a_reader(
    target: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    os.mkfifo(target)

    with pytest.raises(ReportError, match="is a folder, a device, a pipe or a socket"):
        report.check_results_target(target, batch, lambda: orders)


def test_file_that_comes_at_the_last_moment_is_not_replaced(
    target: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really_link = os.link

    def link_after_another(source: Path, destination: Path) -> None:
        if destination == target and not target.exists():
            target.write_text("somebody was faster")
        really_link(source, destination)

    monkeypatch.setattr(os, "link", link_after_another)

    written = report.write(target, batch, orders, clock=clock)

    assert written != target
    assert target.read_text() == "somebody was faster"


def test_file_system_without_hard_links_takes_a_report_too(
    target: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(source: Path, destination: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    written = report.write(target, batch, orders, clock=clock)
    target.write_bytes(b"mine")
    sibling = report.write(target, batch, orders, clock=clock)

    assert written == target
    assert sibling != target
    assert sorted(path.name for path in target.parent.iterdir()) == sorted(
        [target.name, sibling.name]
    )


def test_template_replaces_nothing_without_force(tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    path.write_text("mine")

    with pytest.raises(report.TargetTaken, match="is there already and was not made"):
        report.write_template(path)
    assert path.read_text() == "mine"

    report.write_template(path, placing=report.Placing(force=True))
    assert load_workbook(path).sheetnames


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o002, 0o660)])
def test_new_files_are_read_by_nobody_else_and_by_the_group_as_the_umask_says(
    umask: int,
    mode: int,
    target: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
) -> None:
    before = os.umask(umask)
    try:
        report.write(target, batch, orders, clock=clock)
    finally:
        os.umask(before)

    assert target.stat().st_mode & 0o777 == mode


def test_name_that_no_file_system_takes_is_refused_early(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="expected a name of at most 255 bytes, found 304"):
        report.check_target(tmp_path / ("é" * 150 + ".csv"))


@pytest.mark.parametrize("stem", ["x" * 300, "é" * 200, "東" * 100, "x" * 10])
def test_name_of_two_parts_fits_without_a_broken_character(stem: str, tmp_path: Path) -> None:
    name = fitting(stem, "-results-abcdefgh.xlsx")

    assert NAME_BYTES - 3 <= len(name.encode()) <= NAME_BYTES or stem in name
    assert name.endswith("-results-abcdefgh.xlsx")
    assert stem.startswith(name.removesuffix("-results-abcdefgh.xlsx"))
    (tmp_path / name).touch()


def test_sibling_of_a_long_name_fits_too(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    target = tmp_path / ("x" * 251 + ".csv")
    target.write_text("mine")

    written = report.write(target, batch, orders, clock=clock)

    assert written.name.endswith("-20261030T160930Z.csv")
    assert len(written.name) == 255
