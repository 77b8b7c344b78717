"""Looking after the journal from the command line."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import FILLED, Office


def place(desk: Office) -> Path:
    return Path(desk.environment["ORDERBATCH_JOURNAL"])


def test_a_journal_is_looked_through(desk: Office) -> None:
    desk.call("submit", desk.sheet(FILLED, FILLED), "--yes")

    call = desk.call("journal", "check")
    document = desk.call("journal", "check", "--json").json

    assert call.code == document["exit_code"] == 0
    assert "It is sound." in call.out
    assert (document["batches"], document["rows"], document["faults"]) == (1, 2, [])


def test_a_damaged_journal_is_78(desk: Office) -> None:
    desk.call("submit", desk.sheet(FILLED, FILLED), "--yes")
    with closing(sqlite3.connect(place(desk))) as other:
        other.execute("CREATE TABLE stray (x)")
        other.commit()

    call = desk.call("journal", "check")

    assert call.code == 78
    assert "stray" in call.out and "1 faults" in call.out


def test_a_copy_is_whole_and_overwrites_nothing(desk: Office) -> None:
    desk.call("submit", desk.sheet(FILLED), "--yes")

    call = desk.call("journal", "backup", "copy.db")
    again = desk.call("journal", "backup", "copy.db")

    assert (call.code, again.code) == (0, 78)
    assert "copy.db" in call.out and "batches: 1" in call.out
    assert os.stat("copy.db").st_size > 0
    looked = desk.call("batches", "--json", "--journal", "copy.db")
    assert looked.code == 0 and len(looked.json["batches"]) == 1


def test_a_new_journal_is_made(desk: Office) -> None:
    assert not place(desk).exists()
    assert desk.call("journal", "check").code == 78

    call = desk.call("journal", "upgrade")

    assert call.code == 0
    assert place(desk).exists()
    assert desk.call("journal", "check").code == 0


def test_every_part_has_a_help_with_an_example(desk: Office) -> None:
    for part in ("upgrade", "check", "backup"):
        call = desk.call("journal", part, "--help")
        assert call.code == 0
        assert f"orderbatch journal {part}" in call.out.split("Example")[1]
