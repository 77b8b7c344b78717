"""Messages at the end: who gets them, what they hold, and that nothing they do harms the run."""

from __future__ import annotations

import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from batch.config import NotifySettings
from batch.desk.notify import Message, tell

# One of the services' plug-ins of the library loads a module that Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def message(*, is_clean: bool = False) -> Message:
    return Message(
        title="eod.csv: 1 FILLED, 1 UNKNOWN",
        text="Batch abc of eod.csv, 2 rows: 1 FILLED, 1 UNKNOWN.",
        document={"exit_code": 5, "batch": {"id": "abc"}},
        is_clean=is_clean,
    )


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def test_a_command_gets_the_outcome_on_its_standard_input(tmp_path: Path) -> None:
    target = tmp_path / "seen"
    command = python("import sys; open(sys.argv[1], 'w').write(sys.stdin.read())", str(target))

    failed = tell(message(), NotifySettings(command=command))

    assert failed == []
    assert json.loads(target.read_text()) == {"exit_code": 5, "batch": {"id": "abc"}}


@pytest.mark.parametrize(("on", "told"), [("attention", False), ("always", True)])
def test_a_clean_run_is_told_only_where_it_is_wanted(tmp_path: Path, on: str, told: bool) -> None:
    target = tmp_path / "seen"
    command = python("import sys; open(sys.argv[1], 'w')", str(target))
    settings = NotifySettings.model_validate({"command": command, "on": [on]})

    tell(message(is_clean=True), settings)

    assert target.exists() == told


def test_the_password_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERBATCH_PASSWORD", "s3cret")
    target = tmp_path / "seen"
    command = python("import os, sys; open(sys.argv[1], 'w').write(str(os.environ))", str(target))

    tell(message(), NotifySettings(command=command))

    assert target.read_text()
    assert "s3cret" not in target.read_text()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/no/such/program",), "No such file"),
        (python("import sys; sys.exit('no route')"), "found 1, saying: no route"),
        (python("raise SystemExit(3)"), "found 3"),
    ],
)
def test_what_fails_is_a_line_of_the_log_and_nothing_else(
    command: tuple[str, ...], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        (failed,) = tell(message(), NotifySettings(command=command))

    assert words in failed
    assert [record.getMessage() for record in caplog.records] == [failed]


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=None)"
    hang = python(f"{code}\nimport threading; threading.Event().wait()")

    (failed,) = tell(message(), NotifySettings(command=hang, timeout_s=0.3))

    assert "it was ended" in failed


def test_a_command_that_does_not_read_is_no_fault() -> None:
    assert tell(message(), NotifySettings(command=python("pass"))) == []


class _Service(BaseHTTPRequestHandler):
    bodies: list[bytes] = []  # noqa: RUF012 - one server a test

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_service_gets_the_summary() -> None:
    _Service.bodies.clear()
    with HTTPServer(("127.0.0.1", 0), _Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = SecretStr(f"json://127.0.0.1:{server.server_port}/")

        failed = tell(message(), NotifySettings(urls=(url,)))
        server.shutdown()

    assert failed == []
    (body,) = _Service.bodies
    assert "1 FILLED, 1 UNKNOWN" in json.loads(body)["message"]


def test_a_service_that_cannot_be_reached_or_read_is_told_without_its_secret() -> None:
    urls = (SecretStr("json://user:s3cret@127.0.0.1:9/"), SecretStr("nonsense-s3cret"))

    failed = tell(message(), NotifySettings(urls=urls))

    assert any("number 2" in words for words in failed)
    assert any("would not take" in words for words in failed)
    assert not any("s3cret" in words for words in failed)


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    (failed,) = tell(message(), NotifySettings(urls=(SecretStr("json://127.0.0.1/"),)))

    assert "pip install 'orderbatch[notify]'" in failed
