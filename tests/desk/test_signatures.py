"""Signatures by real keys: only an allowed person's, on exactly this content, counts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from batch.desk.signatures import NAMESPACE, approval_path, sign, signer_of
from batch.errors import ConfigError, GateError

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")

CONTENT = b"48 orders, EUR 2470000\n"


def make_key(folder: Path, name: str) -> Path:
    key = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True
    )
    return key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path, "ana")


@pytest.fixture
def allowed(tmp_path: Path, key: Path) -> Path:
    public = key.with_suffix(".pub").read_text()
    path = tmp_path / "allowed_signers"
    path.write_text(f'head-of-desk namespaces="{NAMESPACE}" {public}')
    return path


def test_the_signature_of_an_allowed_person_names_them(
    tmp_path: Path, key: Path, allowed: Path
) -> None:
    target = approval_path(tmp_path / "eod.csv")

    sign(CONTENT, key, target)

    assert target.name == "eod.csv.approval"
    assert signer_of(CONTENT, target, allowed) == "head-of-desk"


def test_other_content_is_not_what_was_signed(tmp_path: Path, key: Path, allowed: Path) -> None:
    sign(CONTENT, key, target := tmp_path / "a")

    with pytest.raises(GateError, match=r"head-of-desk on something else.*approved again"):
        signer_of(CONTENT + b" ", target, allowed)


def test_a_strangers_signature_is_nobodys(tmp_path: Path, allowed: Path) -> None:
    sign(CONTENT, make_key(tmp_path, "eve"), target := tmp_path / "a")

    with pytest.raises(GateError, match="nobody there"):
        signer_of(CONTENT, target, allowed)


def test_a_signature_for_something_else_is_none_for_a_sheet(
    tmp_path: Path, key: Path, allowed: Path
) -> None:
    file = tmp_path / "content"
    file.write_bytes(CONTENT)
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-n", "file", "-f", str(key), str(file)], check=True
    )

    with pytest.raises(GateError):
        signer_of(CONTENT, tmp_path / "content.sig", allowed)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN SSH SIGNATURE-----\nAAAA\n"])
def test_what_is_no_signature_is_refused(tmp_path: Path, allowed: Path, text: str) -> None:
    path = tmp_path / "a"
    path.write_text(text)

    with pytest.raises(GateError, match="nobody there"):
        signer_of(CONTENT, path, allowed)


def test_files_that_are_not_there_are_named(tmp_path: Path, key: Path, allowed: Path) -> None:
    sign(CONTENT, key, target := tmp_path / "a")

    with pytest.raises(GateError, match="missing: expected an approval"):
        signer_of(CONTENT, tmp_path / "missing", allowed)
    with pytest.raises(GateError, match="missing: expected the file of allowed signers"):
        signer_of(CONTENT, target, tmp_path / "missing")


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nokey: expected a key that signs"):
        sign(CONTENT, tmp_path / "nokey", tmp_path / "a")


def test_an_approval_is_not_written_through_a_link(tmp_path: Path, key: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    target = tmp_path / "eod.csv.approval"
    target.symlink_to(victim)

    with pytest.raises(GateError, match="found a link"):
        sign(CONTENT, key, target)
    assert victim.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.glob(".eod*")) == []


def test_without_openssh_the_message_says_so(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="Install OpenSSH"):
        sign(CONTENT, key, tmp_path / "a")


def test_a_secret_of_the_environment_does_not_reach_ssh_keygen(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "ssh-keygen"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ORDERBATCH_PASSWORD", "s3cret")

    with pytest.raises(ConfigError):
        sign(CONTENT, key, tmp_path / "a")

    assert "s3cret" not in (tmp_path / "seen").read_text()
