"""Paths that lead to no usable file (row 29 of the table of bad inputs)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batch.sheet import Limits, source
from tests.sheet.writing import csv_text, line, refusal, write_text


def test_row_29_a_missing_file_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path / "orders.xlsx")

    assert (error.code, str(error)) == (
        "not-found",
        f"{tmp_path / 'orders.xlsx'}: there is no such file",
    )


def test_row_29_a_folder_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path)

    assert error.code == "folder"
    assert "expected a sheet, found a folder" in str(error)


def test_row_29_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "orders.csv")

    assert refusal(tmp_path / "orders.csv").code == "not-a-file"


def test_row_29_an_empty_file_is_refused(tmp_path: Path) -> None:
    error = refusal(write_text(tmp_path, ""))

    assert error.code == "empty-file"
    assert "zero bytes" in str(error)


@pytest.mark.parametrize(
    ("name", "real"), [("~$orders.xlsx", "orders.xlsx"), (".~lock.orders.xlsx#", "orders.xlsx")]
)
def test_row_29_a_lock_file_is_refused_and_the_real_one_named(
    tmp_path: Path, name: str, real: str
) -> None:
    error = refusal(tmp_path / name)

    assert error.code == "lock-file"
    assert f"use the sheet itself ({real})" in str(error)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (PermissionError(13, "Permission denied"), "no-permission"),
        (OSError(5, "Input/output error"), "unreadable"),
    ],
)
def test_row_29_a_file_that_cannot_be_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError, code: str
) -> None:
    path = write_text(tmp_path, csv_text(line()))

    def refuse(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(Path, "open", refuse)

    error = refusal(path)

    assert error.code == code
    assert str(path) in str(error)


def test_row_29_a_path_that_no_file_can_have_is_refused() -> None:
    assert refusal(Path("orders\0.csv")).code == "unreadable"


@pytest.mark.parametrize("change", ["more", "other time", "replaced"])
def test_row_29_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = write_text(tmp_path, csv_text(line()))
    true_status = os.fstat
    looked = []

    def change_after_first_look(descriptor: int) -> os.stat_result:
        status = true_status(descriptor)
        looked.append(status)
        if len(looked) == 1:
            if change == "more":
                path.write_text(csv_text(line(), line()))
            elif change == "other time":
                os.utime(path, ns=(1, 1))
            else:
                path.unlink()
                write_text(tmp_path, csv_text(line()))
        return status

    monkeypatch.setattr(os, "fstat", change_after_first_look)

    error = refusal(path)

    assert error.code == "changed"
    assert "changed while it was read" in str(error)


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line()))

    content = source.load(path, Limits(packed_bytes=path.stat().st_size))

    assert content == path.read_bytes()
