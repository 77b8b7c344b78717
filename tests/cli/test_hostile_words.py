"""Words of a venue or a sheet that would act on a terminal, a log or a reader act on nothing."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Office
from tests.cli.test_redaction import LOGIN_OK, Answer, venue

TITLE = "\x1b]0;owned\x07"
C1 = "\x9b2J"
TURNED = "\u202e0001\u202c"
FORGED = "\n2026-10-30T16:00:00.000Z INFO batch.run filled batch=forged row=9\r"
HOSTILE = f"7{TITLE}{C1}{TURNED}{FORGED}"

# A file's name may hold all of it but for a slash and NUL; a cell of a CSV, too.
SHEET_NAME = f"eod{TITLE.replace('/', '')}{TURNED}.csv"
HEADER = f"symbol,side,size,price,time_in_force,note,Desk{TURNED}\x1b[31m\n"
ROW = f"EUR/USD,Buy,100000,1.2,IOC,pay{TURNED}roll,x\n"
BAD = f"EUR/USD,Ho{TURNED}ld\x1b,100000,1.2,IOC,,\n"

ALLOWED = "\t\r\n"


def hostile(head: str, body: bytes) -> Answer:
    """Answer whatever is asked with an order that is full of it."""
    if "/sso/" in head.splitlines()[0]:
        return 200, "application/json", LOGIN_OK
    document = {
        "orderId": f"77{TITLE}",
        "status": f"FILLED{HOSTILE}",
        "execId": HOSTILE,
        "errorMessage": HOSTILE,
        "errorCode": HOSTILE,
        HOSTILE: HOSTILE,
    }
    if body:
        document["coId"] = json.loads(body)["coId"]
    return 202 if body else 200, "application/json", json.dumps(document).encode()


def refusing(head: str, body: bytes) -> Answer:
    status, kind, content = hostile(head, body)
    return (status, kind, content) if b"serverUTCTime" in content else (400, kind, content)


def active(text: str) -> list[str]:
    """Give the characters of a text that something would act on."""
    return [
        char
        for char in text
        if (unicodedata.category(char) in ("Cc", "Cs") and char not in ALLOWED)
        or unicodedata.bidirectional(char) in ("LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI")
    ]


def contents(folder: Path) -> dict[str, str]:
    """Give the text of all that was written, of workbooks that of their parts."""
    found = {}
    for path in folder.iterdir():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as package:
                for name in package.namelist():
                    found[f"{path.name}/{name}"] = package.read(name).decode()
        elif path.suffix in (".json", ".html", ".log", ".csv") and path.name != SHEET_NAME:
            found[path.name] = path.read_bytes().decode()
    return found


@pytest.fixture
def login(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name, value in (("USER", "ops"), ("PASSWORD", "s3cret-pass"), ("ORG", "DESK")):
        monkeypatch.setenv(f"ORDERBATCH_{name}", value)
    return office


@pytest.mark.parametrize("answer", [hostile, refusing], ids=["orders", "errors"])
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_that_is_shown_logged_or_reported_acts_on_anything(
    login: Office, monkeypatch: pytest.MonkeyPatch, answer: object, log_format: str
) -> None:
    (login.folder / SHEET_NAME).write_text(HEADER + ROW)
    reports = [("--report", f"r{suffix}") for suffix in (".csv", ".json", ".xlsx", ".html")]
    log = ("--log-file", "run.log", "--log-format", log_format, "--verbose")
    said = []

    with venue(answer) as url:  # type: ignore[arg-type]
        monkeypatch.setenv("ORDERBATCH_URL", url)
        monkeypatch.chdir(login.folder)
        said.append(login.call("check", SHEET_NAME))
        said.append(
            login.call(
                *("submit", SHEET_NAME, "--yes", "--wait", "0", "--corrections", "c.csv"),
                *(word for pair in reports for word in pair),
                *log,
            )
        )
        batches = login.call("batches", "--json")
        (batch,) = batches.json["batches"]
        said += [batches, login.call("batches"), login.call("events", batch["id"])]
        said += [login.call("show", batch["id"]), login.call("show", batch["id"], "2")]
        said += [login.call("show", batch["id"], "2", "--json")]
        said += [login.call("events", batch["id"], "--json")]
        said += [login.call("day", "--report", "day.json", "--report", "day.html")]
        said += [login.call("resume", batch["id"], "--wait", "0", "--json")]

    assert "owned" in "".join(call.err for call in said)
    for call in said:
        assert active(call.out) == [], call.out
        assert active(call.err) == [], call.err
    written = contents(login.folder)
    assert {"r.csv", "r.json", "r.html", "run.log"} <= set(written)
    for name, text in written.items():
        assert active(text) == [], name
    assert not any(line.startswith("2026-10-30T16:00") for line in written["run.log"].splitlines())
    events = said[4].out.splitlines()
    assert all(line.count("\t") == 6 for line in events)


def test_problems_of_a_hostile_sheet_act_on_nothing(login: Office) -> None:
    (login.folder / SHEET_NAME).write_text(HEADER + BAD + ROW)

    plain = login.call("check", SHEET_NAME, "--annotate", "marked.xlsx")
    as_json = login.call("check", SHEET_NAME, "--json")

    assert plain.code == as_json.code == 3
    for call in (plain, as_json):
        assert active(call.out) == [], call.out
        assert active(call.err) == [], call.err
    assert "\\u202e" in plain.out
    assert "Ho\\u202e" in as_json.json["problems"][0]["found"]
    for name, text in contents(login.folder).items():
        assert active(text) == [], name


def test_wrong_usage_shows_a_hostile_name_escaped(login: Office) -> None:
    call = login.call("submit", f"gone{TITLE}.csv", "--yes", "--wait", f"soon{TITLE}")

    assert call.code == 2
    assert active(call.err) == []
    assert "\\x1b]0;owned" in call.err
