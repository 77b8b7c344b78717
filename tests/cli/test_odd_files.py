"""Files that are not what they should be, found by whole processes: none hangs, all say so."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from tests.cli.conftest import FILLED, Office

MEMORY = Path("/dev/shm")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


ODD = pytest.mark.parametrize("make", [pipe, endless, folder])


@ODD
def test_an_odd_companion_is_refused(desk: Office, make: Callable[[Path], None]) -> None:
    sheet = desk.sheet(FILLED)
    make(sheet.with_name("orders.csv.toml"))

    call = desk.run("submit", sheet, "--yes")

    assert call.code == 3, call.err
    assert "orders.csv.toml: " in call.err
    assert "Traceback" not in call.err


@ODD
@pytest.mark.parametrize("odd", ["orders.csv.approval", "allowed_signers"])
def test_an_odd_approval_or_list_of_signers_is_refused(
    desk: Office, make: Callable[[Path], None], odd: str
) -> None:
    sheet = desk.sheet(FILLED)
    config = desk.folder / "config.toml"
    config.write_text('[approval]\nallowed_signers = "allowed_signers"\nrequired = true\n')
    for name in ("orders.csv.approval", "allowed_signers"):
        path = desk.folder / name
        make(path) if name == odd else path.write_text("x")

    call = desk.run("submit", sheet, "--yes", "--config", config)

    assert call.code in (3, 78), call.err
    assert f"{odd}: " in call.err
    assert "Traceback" not in call.err


def test_settings_that_everybody_could_change_are_warned_of_on_stderr(desk: Office) -> None:
    config = desk.folder / "config.toml"
    config.write_text("")
    config.chmod(0o666)

    call = desk.run("check", desk.sheet(FILLED), "--config", config, "--json", "--quiet")

    assert call.code == 0
    assert call.json["exit_code"] == 0
    assert f"Run: chmod o-w {config}" in call.err
    assert call.err.count("chmod") == 1


def test_a_password_of_bytes_that_are_no_text_is_78(desk: Office) -> None:
    desk.environment["ORDERBATCH_PASSWORD"] = "s3cret-\udcff"

    call = desk.run("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 78
    assert "ORDERBATCH_PASSWORD: expected text in UTF-8" in call.err
    assert "s3cret" not in call.out + call.err


@pytest.mark.skipif(not MEMORY.is_dir(), reason="needs a drive in memory")
def test_a_journal_on_a_drive_in_memory_is_78(desk: Office) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        journal = Path(folder) / "journal.db"

        call = desk.run("submit", desk.sheet(FILLED), "--yes", "--journal", journal)

        assert call.code == 78, call.err
        assert "memory" in call.err
        assert not journal.exists()


@pytest.mark.parametrize(("mask", "mode"), [(0, 0o660), (0o022, 0o640), (0o077, 0o600)])
def test_new_files_are_as_open_as_the_umask_says_and_the_journal_is_its_owners(
    desk: Office, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        call = desk.run("submit", desk.sheet(FILLED), "--yes", "--report", "r.csv")
    finally:
        os.umask(before)

    assert call.code == 0, call.err
    assert stat.S_IMODE((desk.folder / "r.csv").stat().st_mode) == mode
    journal = Path(desk.environment["ORDERBATCH_JOURNAL"])
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_cells_in_a_journal_that_are_nested_without_end_are_damage(desk: Office) -> None:
    assert desk.run("submit", desk.sheet(FILLED), "--yes").code == 0
    with closing(sqlite3.connect(desk.environment["ORDERBATCH_JOURNAL"])) as other:
        triggers = other.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'orders'"
        ).fetchall()
        for name, _ in triggers:
            other.execute(f"DROP TRIGGER {name}")
        other.execute("UPDATE orders SET sheet_values = ?", ["[" * 200_000])
        for _, sql in triggers:
            other.execute(sql)
        other.commit()
        (batch,) = other.execute("SELECT batch_id FROM batches").fetchone()

    call = desk.run("report", batch, "--report", "again.csv")

    assert call.code == 78, call.err
    assert "found damage" in call.err
    assert "Traceback" not in call.err


def test_entities_in_the_comments_of_a_workbook_do_not_keep_the_marks_away(desk: Office) -> None:
    plain, source = desk.folder / "plain.xlsx", desk.folder / "orders.xlsx"
    workbook = Workbook()
    orders = workbook.active
    assert isinstance(orders, Worksheet)
    orders.title = "Orders"
    orders.append(["symbol", "side", "size", "price", "time_in_force"])
    orders.append(["EUR/USD", "Buy", -1, 1.2, "IOC"])
    orders["A2"].comment = Comment("words", "Anna")
    workbook.save(plain)
    levels = ['<!ENTITY a0 "ha">']
    levels += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    document_type = f"<!DOCTYPE comments [{''.join(levels)}]>"
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(source, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            if "comment" in name and name.endswith(".xml") and "words" in text:
                start = text.index("<comments")
                text = text[:start] + document_type + text[start:].replace("words", "&a11;")
            after.writestr(name, text)

    call = desk.run("check", source, "--annotate", "marked.xlsx")

    assert call.code == 3, call.err
    assert "orders.xlsx cannot be copied with its looks" in call.out + call.err
    marked = load_workbook(desk.folder / "marked.xlsx")["Orders"]
    assert marked["C2"].fill.start_color.rgb == "FFFFC7CE"
