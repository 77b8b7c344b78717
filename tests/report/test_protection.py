"""No target is an input, by whatever name, nor another target."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batch.errors import ReportError
from batch.report.protection import Kept, Protection, is_same_file


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "orders.csv"
    path.write_text("mine")
    return path


def names_of(sheet: Path) -> list[Path]:
    folder = sheet.parent
    (folder / "sub").mkdir()
    (folder / "way").symlink_to(folder, target_is_directory=True)
    (folder / "link.csv").symlink_to(sheet)
    os.link(sheet, folder / "hard.csv")
    return [
        sheet,
        Path("orders.csv"),
        Path("sub/../orders.csv"),
        folder / "way" / "orders.csv",
        folder / "link.csv",
        folder / "hard.csv",
    ]


def test_sheet_is_no_target_by_any_name(sheet: Path) -> None:
    for name in names_of(sheet):
        protection = Protection([Kept(sheet, "the order sheet")])
        with pytest.raises(ReportError, match=r"found the order sheet.*, which it would"):
            protection.claim(name, "the report")


def test_message_names_both_where_they_are_spelled_differently(sheet: Path) -> None:
    with pytest.raises(ReportError) as caught:
        Protection([Kept(sheet, "the order sheet")]).claim(Path("orders.csv"), "the report")

    assert str(caught.value) == (
        f"orders.csv: expected a file for the report alone, found the order sheet ({sheet}), which "
        "it would overwrite; name another file"
    )


def test_file_that_is_not_there_yet_is_no_target_either(sheet: Path) -> None:
    journal = sheet.parent / "journal.db"
    for name in (journal, Path("journal.db"), Path("sub/../journal.db"), Path("JOURNAL.db")):
        (sheet.parent / "sub").mkdir(exist_ok=True)
        with pytest.raises(ReportError, match="found the journal"):
            Protection([Kept(journal, "the journal")]).claim(name, "the report")


def test_two_targets_are_two_files(sheet: Path) -> None:
    protection = Protection([Kept(sheet, "the order sheet")])
    protection.claim(Path("out.csv"), "the report")
    protection.claim(Path("sub") / "out.csv", "the report")

    for name in (Path("out.csv"), sheet.parent / "Out.CSV", Path("o\u0075t.csv")):
        with pytest.raises(ReportError, match="found the report"):
            protection.claim(name, "the corrections")


def test_names_that_differ_in_how_letters_are_composed_are_one(sheet: Path) -> None:
    assert is_same_file(Path("caf\u00e9.csv"), Path("cafe\u0301.csv"))


def test_files_that_are_two_may_have_names_that_differ_in_case_alone(sheet: Path) -> None:
    other = sheet.with_name("ORDERS.csv")
    other.write_text("other")

    assert is_same_file(sheet, other) == os.path.samefile(sheet, other)


def test_name_that_nothing_can_have_is_no_file() -> None:
    assert not is_same_file(Path("a\0b"), Path("orders.csv"))
    assert not is_same_file(Path("x" * 300), Path("orders.csv"))
