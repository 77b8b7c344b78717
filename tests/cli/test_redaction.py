"""Recognisable secrets through every failure path, and a search of everything that was written."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from batch.cli import commands

PASSWORD = "pw-S3CRET-aaaa"
TOKEN = "tok-S3CRET-bbbb"
PROXY_PASSWORD = "px-S3CRET-cccc"
SECRETS = (PASSWORD, TOKEN, PROXY_PASSWORD)
SHEET = "symbol,side,size,price,time_in_force\nEUR/USD,Buy,100000,1.2,IOC\n"

Answer = tuple[int, str, bytes]


def needles() -> list[bytes]:
    """Give the secrets as they are, and as they travel in headers."""
    found = [secret.encode() for secret in SECRETS]
    pairs = [f"proxy-user:{PROXY_PASSWORD}", f"ops:{PASSWORD}"]
    halves = [secret[:8].encode() for secret in SECRETS] + [s[-8:].encode() for s in SECRETS]
    return [*found, *halves, *(base64.b64encode(word.encode()) for word in (*SECRETS, *pairs))]


@contextmanager
def venue(answer: Callable[[str, bytes], Answer | None]) -> Iterator[str]:
    """Run a venue that answers as told; None resets the connection.

    Args:
        answer: from what the request carried (head and body) to status, content type and body.
    """

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            head = f"{self.requestline}\n{self.headers}"
            found = answer(head, body)
            if found is None:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            status, kind, content = found
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("SSO_TOKEN", TOKEN)
            self.send_header("Location", f"http://ops:{PASSWORD}@127.0.0.1/{TOKEN}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _reply

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


LOGIN_OK = json.dumps(
    {"status": "OK", "errorCode": None, "expiryTime": 90_000, "serverUTCTime": 30_000}
).encode()


def after_login(answer: Callable[[str, bytes], Answer | None]) -> Callable[..., Answer | None]:
    def reply(head: str, body: bytes) -> Answer | None:
        if "/sso/" in head.splitlines()[0]:
            return 200, "application/json", LOGIN_OK
        return answer(head, body)

    return reply


def hold_nothing(head: str, _: bytes) -> Answer:
    """Know no order, whoever asks."""
    if "coId=" in head.splitlines()[0]:
        return 404, "application/json", b'{"errorCode": "NOT_FOUND"}'
    return 200, "application/json", b"[]"


def echo_html(status: int) -> Callable[[str, bytes], Answer]:
    def reply(head: str, body: bytes) -> Answer:
        return status, "text/html", b"<pre>" + head.encode() + body + b"</pre>"

    return reply


def echo_json(status: int) -> Callable[[str, bytes], Answer]:
    def reply(head: str, body: bytes) -> Answer:
        words = f"{head} {body.decode()}"
        document = {"status": "ERROR", "errorCode": words, "errorMessage": words}
        return status, "application/json", json.dumps(document).encode()

    return reply


def echo_in_order(status: int) -> Callable[[str, bytes], Answer]:
    """Echo the token and the password in pieces, in the fields of an order."""

    def reply(head: str, body: bytes) -> Answer:
        coded = base64.b64encode(f"Cookie: SSO_TOKEN={TOKEN}".encode()).decode()
        document = {
            "orderId": "77",
            "status": TOKEN[:8],
            "execId": PASSWORD[-8:],
            "errorMessage": f"{'x' * 288} {PASSWORD} {coded}",
            f"{PASSWORD[:9]}": "as a name",
        }
        text = json.dumps(document).replace(PASSWORD[:9], PASSWORD[:9].replace("-", "\\u002d"))
        return status, f"text/{TOKEN}", text.encode()

    return reply


def reset(_: str, __: bytes) -> None:
    return None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(SHEET)
    return tmp_path


def run(folder: Path, *arguments: str, breakage: str = "", **environment: str) -> int:
    """Run the command, and keep all that it prints in the folder."""
    patience = "import batch.desk.session as s; s.LOGIN_PATIENCE_S = 0.0"
    command = [sys.executable, "-c", f"{patience}\n{breakage}\nfrom batch.cli import main\nmain()"]
    with open(folder / "out", "ab") as out, open(folder / "err", "ab") as err:
        return subprocess.run(
            [*command, *arguments],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "ORDERBATCH_USER": "ops",
                "ORDERBATCH_ORG": "DESK",
                "ORDERBATCH_PASSWORD": PASSWORD,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            timeout=60,
        ).returncode


SUBMIT = (
    *("submit", "orders.csv", "--yes", "--wait", "0", "--journal", "journal.db", "--verbose"),
    *("--report", "r.json", "--report", "r.xlsx", "--log-file", "run.log"),
)


def assert_no_secret(folder: Path, *, but: tuple[str, ...] = ()) -> None:
    """Search every file in the folder, whatever it is."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            content = path.read_bytes()
            assert [n for n in needles() if n in content] == [], path
            if path.suffix == ".xlsx":
                import zipfile

                with zipfile.ZipFile(path) as book:
                    for name in book.namelist():
                        assert not any(n in book.read(name) for n in needles()), (path, name)


FAILURES: dict[str, Callable[[str, bytes], Answer | None]] = {
    "a login refused with a page that echoes": echo_html(401),
    "a login refused with an error object that echoes": echo_json(401),
    "a login answered with a page that echoes": echo_html(200),
    "a login that breaks down": echo_json(500),
    "a login without an answer": reset,
    "a 401 after the login": after_login(echo_json(401)),
    "a placing refused with words that echo": after_login(echo_json(400)),
    "a placing refused with a page that echoes": after_login(echo_html(403)),
    "a placing that breaks down": after_login(echo_html(502)),
    "a placing answered with nonsense": after_login(echo_html(200)),
    "a placing without an answer": after_login(reset),
    "an order in whose fields there are pieces": after_login(echo_in_order(202)),
    "an error in whose fields there are pieces": after_login(echo_in_order(400)),
    "a redirect to a place with secrets": after_login(echo_html(307)),
}


SIGNED = ("a 401 after the login", "a placing refused with words that echo")


@pytest.mark.parametrize(
    ("auth", "name"),
    [*(("token", name) for name in FAILURES), *(("hmac", name) for name in SIGNED)],
)
def test_no_failure_of_the_venue_shows_a_secret(folder: Path, auth: str, name: str) -> None:
    (folder / "config.toml").write_text(f'[venue]\nauth = "{auth}"\n')

    with venue(FAILURES[name]) as url:
        code = run(folder, *SUBMIT, "--config", "config.toml", ORDERBATCH_URL=url)

    assert code != 0
    assert (folder / "err").stat().st_size > 0
    assert_no_secret(folder)


OWN_FAULT = """
from batch.venue.integral.client import Venue
def fail(self, *_): raise RuntimeError(self._auth, self._transport)
Venue.place = fail
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_fault_of_our_own_shows_no_secret_even_to_the_verbose(
    folder: Path, log_format: str
) -> None:
    with venue(after_login(hold_nothing)) as url:
        code = run(
            folder, *SUBMIT, "--log-format", log_format, breakage=OWN_FAULT, ORDERBATCH_URL=url
        )

    assert code == 70
    assert_no_secret(folder)


CONFIGS = {
    "a password in the settings": f'[venue]\npassword = "{PASSWORD}"\n',
    "a password in a URL": f'[venue]\nurl = "https://ops:{PASSWORD}@venue.example"\n',
    "a secret in the wrong place": f'[venue]\nread_timeout_s = "{PASSWORD}"\n',
    "a secret under an unknown key": f'[venue]\npasswort = "{PASSWORD}"\n',
    "no TOML": f'[venue]\npassword = "{PASSWORD}\n',
    "a proxy that is none": f'[venue]\nproxy = "nonsense://proxy-user:{PROXY_PASSWORD}@x"\n',
    "a proxy that is not there": f'[venue]\nproxy = "http://proxy-user:{PROXY_PASSWORD}@127.0.0.1:9"\n',
    "a password file that others can read": '[venue]\npassword_file = "password"\n',
    "a password file that is none": f'[venue]\npassword_file = "{"x" * 300}"\n',
}


@pytest.mark.parametrize("name", CONFIGS)
def test_no_mistake_in_the_settings_shows_a_secret(folder: Path, name: str) -> None:
    (folder / "config.toml").write_text(CONFIGS[name])
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    environment = {"ORDERBATCH_URL": "https://127.0.0.1:9"}
    if "file" in name:
        environment["ORDERBATCH_PASSWORD"] = ""
    if "URL" in name:
        environment["ORDERBATCH_URL"] = ""

    code = run(folder, *SUBMIT, "--config", "config.toml", **environment)

    # A proxy that is away may come back.
    assert code == (6 if "not there" in name else 78)
    assert_no_secret(folder, but=("config.toml", "password"))


def test_a_journal_url_with_a_password_is_not_shown(folder: Path) -> None:
    url = f"postgresql://ops:{PASSWORD}@db.example/journal"

    code = run(folder, "batches", ORDERBATCH_JOURNAL=url)

    assert code == 78
    assert_no_secret(folder)


def test_no_command_takes_a_secret_as_an_option() -> None:
    names = {
        name
        for command in commands.load_all().values()
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }

    assert not [n for n in names if any(word in n for word in ("pass", "secret"))]


def test_a_running_process_shows_no_secret_in_its_arguments(folder: Path) -> None:
    shown: list[bytes] = []

    def look(head: str, body: bytes) -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                shown.append(path.read_bytes())
            except OSError:
                continue

    with venue(after_login(look)) as url:
        run(folder, *SUBMIT, ORDERBATCH_URL=url)

    if not shown:
        pytest.skip("this system shows no processes")
    ours = [line for line in shown if b"orders.csv" in line]
    assert ours
    assert not [line for line in ours if any(needle in line for needle in needles())]


SAVE = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"


def make_office(folder: Path) -> None:
    """Make a workbook, a key of a second person, and settings that tell somebody of the end."""
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.active.append(["symbol", "side", "size", "price", "time_in_force"])
    book.active.append(["EUR/USD", "Buy", 100_000, 1.2, "IOC"])
    book.save(folder / "orders.xlsx")
    (folder / "in").mkdir()
    (folder / "in" / "bad.csv").write_text(SHEET.replace("Buy", "Hold"))
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (folder / "allowed").write_text(f"head-of-desk {key.with_suffix('.pub').read_text()}")
    told = json.dumps([sys.executable, "-c", SAVE, str(folder / "told.json")])
    (folder / "config.toml").write_text(
        f'journal = "journal.db"\n[approval]\nallowed_signers = "allowed"\nrequired = true\n'
        f'[notify]\ncommand = {told}\nurls = ["json://ops:{PASSWORD}@127.0.0.1:9"]\n'
        'on = ["always"]\n'
    )


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
def test_no_file_or_message_of_a_whole_day_shows_a_secret(folder: Path) -> None:
    make_office(folder)
    config = ("--config", "config.toml")

    with venue(after_login(echo_json(400))) as url:
        signed = run(
            *(folder, "approve", "orders.xlsx", "--key", "key", *config), ORDERBATCH_URL=url
        )
        sent = run(
            *(folder, "submit", "orders.xlsx", "--yes", "--wait", "0", "--annotate", "copy.xlsx"),
            *("--report", "r.json", "--report", "r.html", "--log-file", "text.log", *config),
            ORDERBATCH_URL=url,
        )
        inbox = run(
            *(folder, "submit", "in", "--yes", "--log-file", "json.log"),
            *("--log-format", "json", *config),
            ORDERBATCH_URL=url,
        )
        batch = json.loads((folder / "r.json").read_text())["batch"]["id"]
        looked = [
            run(folder, *words, *config, ORDERBATCH_URL=url)
            for words in (
                ("events", batch, "--json"),
                ("show", batch, "2"),
                ("show", batch, "--json"),
                ("day", "--report", "day.xlsx", "--report", "day.html"),
                ("cancel", batch, "--yes", "--report", "c.csv"),
                ("report", batch, "--corrections", "mend.xlsx"),
            )
        ]

    assert (signed, sent, inbox) == (0, 1, 3)
    assert looked[:3] == [0, 0, 0]
    (why,) = (folder / "in" / "failed").glob("*.why.txt")
    made = ("copy.xlsx", "r.html", "text.log", "json.log", "day.xlsx", "day.html", "mend.xlsx")
    for name in (*made, "told.json", "orders.xlsx.approval", "journal.db"):
        assert (folder / name).stat().st_size > 0, name
    assert why.stat().st_size > 0
    refused = json.loads((folder / "r.json").read_text())["orders"][0]
    assert (refused["final_state"], bool(refused["message"])) == ("REFUSED", True)
    assert_no_secret(folder, but=("config.toml",))
