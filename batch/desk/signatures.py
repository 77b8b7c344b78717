"""A second person's signature on exactly what would be sent, made and checked by OpenSSH.

Nothing of the cryptography is ours: `ssh-keygen -Y` signs with the person's own SSH key, so agents
and hardware keys work, and verifies against a file of allowed signers. See ssh-keygen(1).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from batch.errors import ConfigError, GateError

NAMESPACE = "orderbatch"
"""A signature that was made for something else (a commit, a file) is none for an order sheet."""

SUFFIX = ".approval"
MAX_BYTES = 64 * 1024
TIMEOUT_S = 20.0
"""For verifying; signing waits for a person to touch a key, or to type a passphrase."""


def approval_path(sheet: Path) -> Path:
    """Give the place of a sheet's approval."""
    return sheet.with_name(f"{sheet.name}{SUFFIX}")


def sign(content: bytes, key: Path, target: Path) -> None:
    """Sign with a person's key, and leave the signature as a file.

    Args:
        content: what is approved, to the byte.
        key: a private key, or a public one whose private half an agent holds.
        target: replaced where it is an earlier signature.

    Raises:
        ConfigError: there is no OpenSSH here, or the key does not sign.
        GateError: the signature could not be put in its place.
    """
    with tempfile.TemporaryDirectory(prefix="orderbatch-") as folder:
        text = Path(folder) / "content"
        text.write_bytes(content)
        command = ["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key), str(text)]
        # Its questions go to the person's terminal, and its answer is a file beside the content.
        ended = _run(command, None, timeout_s=None)
        signature = text.with_name(f"{text.name}.sig")
        if ended.returncode or not signature.is_file():
            raise ConfigError(
                f"{key}: expected a key that signs, found: {_words(ended)}. Name your own SSH key "
                "(the private one, or the public one where an agent has it)."
            )
        _put(signature.read_bytes(), target)


def signer_of(content: bytes, signature: Path, allowed_signers: Path) -> str:
    """Give the person whose valid signature on this content a file holds.

    Args:
        allowed_signers: who may sign, in OpenSSH's format (ssh-keygen(1), "ALLOWED SIGNERS").

    Raises:
        ConfigError: there is no OpenSSH here.
        GateError: the signature is of other content, of nobody who may sign, or unreadable.
    """
    _require_readable(signature, "an approval")
    _require_readable(allowed_signers, "the file of allowed signers")
    found = _run(["-Y", "find-principals", "-s", str(signature), "-f", str(allowed_signers)], b"")
    principals = [line for line in found.stdout.decode(errors="replace").splitlines() if line]
    if found.returncode or not principals:
        raise GateError(
            f"{signature}: expected the signature of somebody in {allowed_signers}, found one of "
            "nobody there. Have one of them approve the sheet."
        )
    for principal in principals:
        verify = ["-Y", "verify", "-n", NAMESPACE, "-I", principal, "-s", str(signature)]
        if _run([*verify, "-f", str(allowed_signers)], content).returncode == 0:
            return principal
    raise GateError(
        f"{signature}: expected a signature on exactly what would be sent, found one of "
        f"{principals[0]} on something else: the sheet, the settings, the login or the run key is "
        "not the one that was signed, or the signature is no longer valid. Have the sheet approved "
        "again."
    )


def _require_readable(path: Path, what: str) -> None:
    try:
        size = path.stat().st_size
        if path.is_file() and size <= MAX_BYTES:
            path.read_bytes()
            return
        found = f"{size:,} bytes" if path.is_file() else "something else than a file"
    except OSError as error:
        found = str(error.strerror)
    raise GateError(f"{path}: expected {what}, found: {found}.")


def _run(
    arguments: Sequence[str], given: bytes | None, *, timeout_s: float | None = TIMEOUT_S
) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ConfigError(
            "ssh-keygen: expected OpenSSH 8.2 or newer on this machine, found none. Install "
            "OpenSSH's client programs."
        )
    try:
        return subprocess.run(
            [program, *arguments],
            input=given,
            # Without content the person's own terminal is there, for a passphrase.
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise GateError(
            f"ssh-keygen: expected an answer within {timeout_s:.0f} seconds, found none."
        ) from None


def _environment() -> dict[str, str]:
    # The venue's password is nobody's business down there.
    return {name: value for name, value in os.environ.items() if name != "ORDERBATCH_PASSWORD"}


def _words(ended: subprocess.CompletedProcess[bytes]) -> str:
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1].rstrip(".") if lines else f"exit code {ended.returncode}"


def _put(content: bytes, target: Path) -> None:
    try:
        descriptor, part = tempfile.mkstemp(prefix=f".{target.name[:40]}-", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets nobody else read it, and a signature is no secret.
            os.chmod(part, 0o644)
            if target.is_symlink():
                raise GateError(
                    f"{target}: expected a place for the approval, found a link. Remove it."
                )
            os.replace(part, target)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise GateError(
            f"{target}: expected to be able to write the approval, found: {error.strerror}."
        ) from None
