"""Signatures of a second person, with real keys; what leaves is counted at the venue."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from pathlib import Path

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import FILLED, Office

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")


def make_key(folder: Path, name: str) -> Path:
    key = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True
    )
    return key


class Desks:
    """An office with a key of the head of desk, and settings that let it sign."""

    def __init__(self, office: Office, principal: str, more: str) -> None:
        self.office = office
        self.key = make_key(office.folder, "key")
        allowed = office.folder / "allowed_signers"
        allowed.write_text(f"{principal} {self.key.with_suffix('.pub').read_text()}")
        self.config = office.folder / "config.toml"
        self.config.write_text(f'[approval]\nallowed_signers = "{allowed}"\n{more}\n')

    def approve(self, sheet: Path, *more: str) -> int:
        words = ("approve", sheet, "--key", self.key, "--config", self.config, *more)
        return self.office.call(*words).code

    def submit(self, target: Path, *more: str) -> tuple[int, str]:
        call = self.office.call("submit", target, "--yes", "--config", self.config, *more)
        return call.code, call.err


@pytest.fixture
def desks(desk: Office) -> Desks:
    return Desks(desk, "head-of-desk", "required = true")


def test_a_signed_sheet_is_sent_and_the_history_names_the_proven_approver(
    desk: Office, venue: Simulator, desks: Desks
) -> None:
    sheet = desk.sheet(FILLED, FILLED)

    before, words = desks.submit(sheet)
    signed = desks.approve(sheet)
    after, _ = desks.submit(sheet, "--report", "r.json")

    assert (before, signed, after) == (3, 0, 0)
    assert "orderbatch approve" in words
    assert sheet.with_name("orders.csv.approval").exists()
    assert venue.ledger.posts == 2
    assert "head-of-desk (by a verified signature)" in Path("r.json").read_text()


def test_a_sheet_that_changed_after_it_was_signed_is_refused(
    desk: Office, venue: Simulator, desks: Desks
) -> None:
    sheet = desk.sheet(FILLED)
    desks.approve(sheet)
    desk.sheet(FILLED, first_size=7)

    code, words = desks.submit(sheet)

    assert code == 3
    assert "head-of-desk on something else" in words
    assert venue.ledger.posts == 0


def test_a_signature_for_one_run_is_none_for_another(
    desk: Office, venue: Simulator, desks: Desks
) -> None:
    sheet = desk.sheet(FILLED)
    desks.approve(sheet, "--run", "monday")

    code, words = desks.submit(sheet, "--run", "tuesday")

    assert code == 3
    assert "the login or the run key is not the one that was signed" in " ".join(words.split())
    assert desks.submit(sheet, "--run", "monday")[0] == 0
    assert venue.ledger.posts == 1


@pytest.mark.parametrize("principal", ["ops", "system user"])
def test_the_submitters_own_signature_is_no_second_persons(
    desk: Office, venue: Simulator, principal: str
) -> None:
    name = getpass.getuser() if principal == "system user" else principal
    desks = Desks(desk, name, "required = true")
    sheet = desk.sheet(FILLED)
    desks.approve(sheet)

    code, words = desks.submit(sheet)

    assert code == 3
    assert "signature of a second person" in words
    assert venue.ledger.posts == 0


@pytest.mark.parametrize(("wanted", "code"), [("head-of-desk", 0), ("treasurer", 3)])
def test_the_settings_say_whose_signature_counts_for_a_user(
    desk: Office, wanted: str, code: int
) -> None:
    desks = Desks(desk, "head-of-desk", f'required = true\nsigners.ops = "{wanted}"')
    sheet = desk.sheet(FILLED)
    desks.approve(sheet)

    assert desks.submit(sheet)[0] == code


@pytest.mark.parametrize(
    ("above", "code"), [("EUR = 1_000_000", 0), ("EUR = 99_999", 3), ("USD = 1", 3)]
)
def test_only_large_sheets_need_a_signature_where_the_settings_say_so(
    desk: Office, above: str, code: int
) -> None:
    desks = Desks(desk, "head-of-desk", f"required_above = {{ {above} }}")

    assert desks.submit(desk.sheet(FILLED))[0] == code


def test_in_a_folder_an_unsigned_sheet_waits_and_is_named(
    desk: Office, venue: Simulator, desks: Desks
) -> None:
    (desk.folder / "in").mkdir()
    sheet = desk.sheet(FILLED, name="in/a.csv")

    first, words = desks.submit(sheet.parent)
    waits = sheet.exists()
    desks.approve(sheet)
    second, _ = desks.submit(sheet.parent)

    assert (first, waits, second) == (0, True, 0)
    assert "a.csv waits: it is not approved yet (a.csv.approval is not there)." in words
    assert (sheet.parent / "done" / "a.csv.approval").exists()
    assert venue.ledger.posts == 1


def test_a_sheet_with_problems_is_not_signed(desk: Office, desks: Desks) -> None:
    assert desks.approve(desk.sheet("EUR/USD,Buy,-3,1.2,IOC\n")) == 3
    assert not (desk.folder / "orders.csv.approval").exists()


def test_a_key_that_is_not_there_cannot_sign(desk: Office, desks: Desks) -> None:
    desks.key = desk.folder / "nokey"

    assert desks.approve(desk.sheet(FILLED)) == 78
