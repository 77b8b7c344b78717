"""The smaller commands, and what all of them share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from batch.cli import TABLE, commands
from batch.cli.exits import guarded
from batch.desk.verdict import Verdict, most_serious, verdict_on_states
from batch.simulator import Simulator
from batch.states import OrderState as S
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office


def test_check_shows_totals_of_a_good_sheet(office: Office) -> None:
    call = office.call("check", office.sheet(FILLED, FILLED, "EUR/USD,Sell,5,1.2,IOC\n"))

    assert call.code == 0
    assert "3 orders, no problems" in call.out
    assert any("200,001 EUR" in line and "Buy" in line for line in call.out.splitlines())


def test_check_shows_every_problem_of_a_bad_sheet(office: Office) -> None:
    call = office.call(
        "check", office.sheet("EUR/EUR,Buy,1,1.2,IOC\n", "EUR/USD,Hold,x,1.2,IOC\n", FILLED)
    )

    assert call.code == 3
    assert "3 problems in 2 of 3 rows" in call.out
    assert '"Hold"' in call.out and '"x"' in call.out


def test_check_gives_json(office: Office) -> None:
    call = office.call("check", office.sheet("EUR/USD,Buy,-3,1.2,IOC\n"), "--json")

    assert call.code == 3
    (problem,) = call.json["problems"]
    assert (problem["row"], problem["column"], problem["found"]) == (2, "size", "-3")
    assert problem["message"].startswith("orders.csv, row 2, size: expected ")
    assert call.json["totals"] == []


def test_check_needs_no_journal(office: Office) -> None:
    office.call("check", office.sheet(FILLED))

    assert not Path(office.environment["ORDERBATCH_JOURNAL"]).exists()


def test_batches_lists_what_was_submitted(desk: Office) -> None:
    desk.call("submit", desk.sheet(FILLED, EXPIRED), "--yes")

    call = desk.call("batches")

    assert "1 FILLED, 1 EXPIRED" in call.out
    assert "orders.csv" in call.out


def test_report_writes_it_again(desk: Office) -> None:
    first = desk.call("submit", desk.sheet(FILLED), "--yes", "--json")

    call = desk.call("report", first.json["batch"]["id"], "--report", "again.csv")

    assert call.code == 0
    assert call.out == "again.csv\n"
    assert "FILLED" in Path("again.csv").read_text()


@pytest.mark.parametrize("command", ["report", "resume", "events"])
def test_an_unknown_batch_is_named_with_the_command_that_lists_them(
    desk: Office, command: str
) -> None:
    call = desk.call(command, "nosuch")

    assert call.code == 78
    assert '"nosuch"' in call.err
    assert "orderbatch batches" in call.err


def test_events_give_an_auditor_the_history(desk: Office) -> None:
    first = desk.call("submit", desk.sheet(FILLED), "--yes", "--json")

    call = desk.call("events", first.json["batch"]["id"])

    kinds = [line.split("\t")[2] for line in call.out.splitlines()]
    assert kinds[:5] == ["event", "planned", "run-started", "token-life", "claimed"]
    assert kinds[-1] == "run-ended"


def test_resume_refuses_settings_of_another_login(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = desk.call("submit", desk.sheet(OPEN), "--yes", "--wait", "0", "--json")
    monkeypatch.setenv("ORDERBATCH_USER", "somebody")

    call = desk.call("resume", first.json["batch"]["id"])

    assert call.code == 78
    assert "somebody of DESK" in call.err


def test_resume_of_a_finished_batch_sends_nothing(desk: Office, venue: Simulator) -> None:
    first = desk.call("submit", desk.sheet(FILLED), "--yes", "--json")

    call = desk.call("resume", first.json["batch"]["id"], "--json")

    assert call.code == 0
    assert venue.ledger.posts == 1


def test_the_simulator_is_a_venue_for_another_process(desk: Office) -> None:
    process = desk.start("simulator", "--port", "0", "--time-scale", "10")
    assert process.stdout is not None
    desk.environment["ORDERBATCH_URL"] = process.stdout.readline().strip()

    call = desk.run("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 0
    assert "1 FILLED" in call.err


def test_a_fault_that_is_none_is_wrong_usage(office: Office) -> None:
    assert office.call("simulator", "--fault", "nonsense").code == 2


def test_the_faults_are_explained(office: Office) -> None:
    assert "drop-reply" in office.call("simulator", "--fault-help").out


def test_every_command_has_a_help_with_an_example(office: Office) -> None:
    for name in commands.load_all():
        call = office.call(name, "--help")
        assert call.code == 0
        assert f"orderbatch {name}" in call.out.split("Example")[1]


def test_help_loads_nothing_heavy() -> None:
    heavy = [
        "polars",
        "pandera",
        "requests",
        "sqlalchemy",
        "openpyxl",
        "xlsxwriter",
        "rich",
        "pydantic",
        "numpy",
    ]
    script = (
        "import sys; from batch.cli import commands\n"
        "commands.main(['--help'], standalone_mode=False)\n"
        f"print('heavy:', [name for name in {heavy!r} if name in sys.modules])"
    )

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert out.stdout.endswith("heavy: []\n")


def test_a_check_loads_neither_the_journal_nor_the_venue(office: Office) -> None:
    settings = office.folder / "settings.toml"
    settings.touch()
    heavy = ["sqlalchemy", "sqlite3", "requests", "urllib3", "batch.venue"]
    script = (
        "import sys; from batch.cli import commands\n"
        f"commands.main(['check', {str(office.sheet('EUR/USD,Buy,5,1.2,IOC'))!r}], "
        "standalone_mode=False)\n"
        "print('checked:', 'batch.schema.rules' in sys.modules)\n"
        f"print('heavy:', [name for name in {heavy!r} if name in sys.modules])"
    )

    out = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "ORDERBATCH_CONFIG": str(settings)},
    )

    assert out.stdout.endswith("checked: True\nheavy: []\n"), out.stdout


def test_a_fault_of_our_own_is_70_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def break_down() -> None:
        raise ZeroDivisionError("secret")

    assert guarded(break_down) == 70
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err and "secret" not in err


@pytest.mark.parametrize(
    ("states", "accepted", "code"),
    [
        ({S.FILLED: 2}, (), Verdict.DONE),
        ({S.FILLED: 2, S.EXPIRED: 1}, (), Verdict.NOT_ALL_FILLED),
        ({S.FILLED: 2, S.EXPIRED: 1}, ("expired",), Verdict.DONE),
        ({S.INVALID: 1, S.FILLED: 1}, (), Verdict.NOT_ALL_FILLED),
        ({S.SKIPPED: 1, S.FILLED: 1}, (), Verdict.NOT_ALL_FILLED),
        ({S.OPEN: 1, S.EXPIRED: 1}, (), Verdict.STILL_OPEN),
        ({S.OPEN: 1, S.FILLED: 1}, ("open",), Verdict.DONE),
        ({S.PLANNED: 1, S.FILLED: 1}, ("not_sent",), Verdict.STILL_OPEN),
        ({S.UNKNOWN: 1, S.OPEN: 1, S.EXPIRED: 1}, (), Verdict.UNKNOWN),
        ({S.SENDING: 1}, (), Verdict.UNKNOWN),
    ],
)
def test_the_states_of_a_batch_decide_the_exit_code(
    states: dict[S, int], accepted: tuple[str, ...], code: Verdict
) -> None:
    assert verdict_on_states(states, accepted) is code


def test_the_most_serious_code_of_several_wins() -> None:
    assert most_serious([Verdict.DONE, Verdict.UNKNOWN, Verdict.STILL_OPEN]) is Verdict.UNKNOWN
    assert most_serious([]) is Verdict.DONE


def test_many_equal_rows_are_noted_and_counted(office: Office) -> None:
    call = office.call("check", office.sheet(*["EUR/USD,Buy,5,1.2,IOC\n"] * 100))

    assert call.code == 0
    assert len([line for line in call.err.splitlines() if line.startswith("note:")]) == 11
    assert "and 89 more like these" in call.err


def test_a_refusal_is_a_document_too_where_one_was_asked_for(desk: Office) -> None:
    desk.call("submit", desk.sheet(FILLED), "--yes")

    call = desk.call("submit", desk.sheet(FILLED, EXPIRED), "--yes", "--json")

    assert call.json["exit_code"] == call.code == 3
    assert "were not sent before" in call.json["error"]


def test_the_table_says_of_each_command_what_its_own_help_says() -> None:
    for name, command in commands.load_all().items():
        assert command.name == name
        assert TABLE[name].summary == (command.help or "").split("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize(
    "words", [("stop",), ("submit", "x.csv", "--nope"), ("show", "a", "1", "2"), ("cancel",)]
)
def test_a_mistake_in_the_options_is_said_once(desk: Office, words: tuple[str, ...]) -> None:
    call = desk.run(*words)

    assert call.code == 2
    (said,) = [line for line in call.err.splitlines() if line.startswith("Error: ")]
    assert call.err.count(said.removeprefix("Error: ")) == 1
    assert call.err.startswith("Usage: ")


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--expect-rows", (9, 1)),
        ("--expect-rows", (1, 1)),
        ("--max-rows", (1, 5)),
        ("--collar", ("1%", "90%")),
        ("--run", ("a", "b")),
        ("--wait", ("1s", "2s")),
    ],
)
def test_an_option_of_one_value_that_is_given_twice_is_wrong_usage(
    desk: Office, venue: Simulator, option: str, values: tuple[object, object]
) -> None:
    first, second = values

    call = desk.call("submit", desk.sheet(FILLED), "--yes", option, first, f"{option}={second}")

    assert call.code == 2
    assert f"Invalid value for '{option}': expected one value at most, found 2" in call.err
    assert venue.ledger.posts == 0


def test_what_may_be_said_twice_still_may(desk: Office) -> None:
    twice = ("--accept", "expired", "--accept", "cancelled", "--yes", "-y", "--verbose", "-v")

    assert desk.call("submit", desk.sheet(EXPIRED), *twice).code == 0


def _given(parameter: click.Parameter) -> list[str]:
    return [parameter.opts[0], "1"] if isinstance(parameter, click.Option) else ["1"]


def test_no_command_takes_two_journals(office: Office) -> None:
    singles: dict[tuple[str, ...], click.Command] = {}
    for name, command in commands.load_all().items():
        below = command.commands if isinstance(command, click.Group) else {}
        singles |= {(name, under): one for under, one in below.items()}
        if not below:
            singles[name,] = command

    for words, command in singles.items():
        if not any(one.name == "journal" for one in command.params):
            continue
        needed = [word for one in command.params if one.required for word in _given(one)]
        call = office.call(*words, *needed, "--journal", "a.db", "--journal", "b.db")
        assert call.code == 2, words
        assert "'--journal': expected one value at most, found 2" in call.err, words


@pytest.mark.parametrize("command", ["batches", "submit"])
def test_a_journal_in_a_folder_that_is_not_there_is_refused(
    desk: Office, venue: Simulator, command: str
) -> None:
    words = ["submit", desk.sheet(FILLED), "--yes"] if command == "submit" else ["batches"]

    call = desk.call(*words, "--journal", "nowhere/j.db")

    assert call.code == 78
    assert "found no " in call.err and "nowhere" in call.err
    assert "A new journal would know nothing of what was sent before" in call.err
    assert not (desk.folder / "nowhere").exists()
    assert venue.ledger.posts == 0


def test_the_usual_folder_is_made(
    desk: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ORDERBATCH_JOURNAL")

    assert desk.call("submit", desk.sheet(FILLED), "--yes").code == 0
    assert list((tmp_path / "home").rglob("journal.db"))
