"""Log files: what a line holds, rotation, and what leads to no log."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest

from batch import __version__
from batch.cli import logs
from tests.cli.conftest import FILLED, Office


def lines_of(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def test_json_lines_name_batch_row_ids_and_request(desk: Office) -> None:
    call = desk.call(
        *("submit", desk.sheet(FILLED), "--yes", "--json"),
        *("--log-file", "run.log", "--log-format", "json"),
    )

    records = [json.loads(line) for line in lines_of("run.log")]
    (filled,) = [r for r in records if r["message"].startswith("filled: ")]
    order = call.json["orders"][0]
    assert filled["batch"] == call.json["batch"]["id"]
    assert filled["row"] == 2
    assert filled["client_order_id"] == order["client_order_id"]
    assert filled["server_order_id"] == order["server_order_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", filled["request_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", filled["at"])
    assert [
        r["message"].split(":")[0] for r in records if r.get("row") and "run" in r["logger"]
    ] == [
        "claimed",
        "accepted",
        "filled",
    ]


def test_text_lines_say_the_same(desk: Office) -> None:
    desk.call("submit", desk.sheet(FILLED), "--yes", "--log-file", "run.log")

    (line,) = [line for line in lines_of("run.log") if " claimed: " in line]
    assert re.search(r"INFO batch\.run\.recording claimed: .* batch=\w{8} row=2 ", line)


def test_verbose_shows_the_same_on_stderr(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--verbose")

    assert " claimed: " in call.err


def test_logs_are_added_to_and_rotated(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST_FILE", 2000)
    sheet = desk.sheet(*[FILLED] * 10)

    desk.call("submit", sheet, "--yes", "--log-file", "run.log")

    assert Path("run.log").stat().st_size <= 2000
    assert Path("run.log.1").exists()


def test_a_log_file_that_cannot_be_written_stops_before_anything_is_sent(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--log-file", "no/such/run.log")

    assert call.code == 78
    assert "no/such/run.log" in call.err


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_a_fault_is_logged_with_its_place(formatter: logging.Formatter) -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        trace = (type(error), error, error.__traceback__)
    record = logging.LogRecord("batch", logging.DEBUG, "", 1, "a\nb %s", ("c",), trace)

    text = formatter.format(record)

    assert "ZeroDivisionError" in text
    assert "b c" in text


def story_of(path: str) -> list[str]:
    return [
        json.loads(line)["message"]
        for line in lines_of(path)
        if json.loads(line)["logger"] == "batch.story"
    ]


LOGGED = ("--log-file", "run.log", "--log-format", "json")


def test_the_log_tells_the_whole_story(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--json", "--run", "eod", *LOGGED)

    story = story_of("run.log")
    name, order = call.json["batch"]["id"], call.json["orders"][0]
    assert story[0].startswith(f"orderbatch {__version__}: ") and "submit" in story[0]
    assert "orders.csv" in story[0] and "run=eod" in story[0]
    assert any(line.startswith(f"batch {name} of ") and "run eod" in line for line in story)
    assert any(
        line.startswith("row 2: Buy 100000 EUR of EUR/USD at 1.2: FILLED, filled: 100000 at ")
        and line.endswith(order["average_price"])
        for line in story
    )
    assert any("1 row: 1 FILLED" in line for line in story)
    assert story[-1] == "ended with exit code 0: 1 FILLED"


def test_the_log_has_the_refusals_and_problems_however_quiet(desk: Office) -> None:
    sheet = desk.sheet(FILLED, "EUR/USD,Hold,5,1.2,IOC\n")

    desk.call("submit", sheet, "--yes", "--quiet", *LOGGED)
    desk.call("submit", desk.sheet(FILLED), "--yes", "--quiet", "--max-rows", 1, *LOGGED)
    other = desk.sheet(FILLED, FILLED, first_size=7)
    desk.call("submit", other, "--yes", "-q", "--max-rows", 1, *LOGGED)

    story = story_of("run.log")
    assert any("row 3, side: expected Buy or Sell" in line for line in story)
    assert any("rows: expected at most 1 order, found 2" in line for line in story)
    assert [line for line in story if line.startswith("ended")] == [
        "ended with exit code 3",
        "ended with exit code 0: 1 FILLED",
        "ended with exit code 3",
    ]


def test_what_was_told_is_not_told_twice_on_a_terminal(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--verbose")

    assert "batch.story" not in call.err
