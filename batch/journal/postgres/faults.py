"""The server's errors in words, by SQLSTATE; its own texts can carry statements and values."""

from __future__ import annotations

from contextlib import AbstractContextManager

import psycopg

from batch.errors import Advice, JournalAway, JournalError, JournalLocked
from batch.journal.faults import NOTHING, explained, own_fault

_AGAIN = "Run the same command again in a while."

_NOBODY = "08001"
_UNTRUSTED = "a certificate"

# By the whole SQLSTATE, or else by its class: expected, found, what to do, does it stay so.
_CAUSES = {
    "08": ("to reach its server", "that the connection broke", _AGAIN, False),
    _NOBODY: (
        "to reach its server",
        "that none answers there",
        "Look at its host and port, or run the same command again in a while.",
        False,
    ),
    _UNTRUSTED: (
        "a server that shows whose it is",
        "that its certificate is not one that this machine trusts, or is another host's",
        "Name the certificate that signs the server's with sslrootcert=PATH in the URL, and the "
        "host as that one is called in its certificate.",
        True,
    ),
    "25": (
        "a server that writes",
        "one that only reads, as a stand-by does",
        "Name the primary server, or wait until this one is promoted.",
        False,
    ),
    "25P03": (
        "to go on with what was begun",
        "that the server ended it, because this process stood still in the middle",
        _AGAIN,
        False,
    ),
    "28": (
        "to be let in",
        "that the server refuses this user or its password",
        "Check the user in the URL and PGPASSWORD or ~/.pgpass.",
        True,
    ),
    "3D000": ("its database", "none of this name", "Have it made, or mend the URL.", True),
    "3F000": ("its schema", "none of this name", "Have it made, or mend the URL.", True),
    "42501": (
        "the rights that orderbatch needs",
        "that this user lacks one",
        "Have its owner grant them (samples/postgres).",
        True,
    ),
    "42": (
        "the tables of this version",
        "others",
        "Have its owner bring it up to date.",
        True,
    ),
    "53": (
        "a server with room for this",
        "that it has no memory, disk space or connections left",
        _AGAIN,
        False,
    ),
    "57": (
        "a server that serves",
        "that it is going down, starting up, or ended this session",
        _AGAIN,
        False,
    ),
    "58": ("to read and write it", "a fault of the server's disk", _AGAIN, False),
    "XX": ("an undamaged journal", "damage", "Have its owner look at the server's log.", True),
}

_AWAY = ("08", _NOBODY, "25", "25P03", "53", "57")
"""What ends by itself, or by a stand-by's taking over; nothing was recorded before it."""

_LOCKED = ("55P03", "40001", "40P01", "57014")

# Of a failed connection the driver tells no SQLSTATE.
_ROOT_MISSING = "root certificate file"
_DISTRUST = ("certificate verify failed", "does not match host name", "does not support SSL")
_SILENCE = ("refused", "timeout expired", "failed to resolve", "No route to", "is unreachable")

_REFUSALS = (
    ("password authentication failed", "28"),
    ("no password supplied", "28"),
    ("no pg_hba.conf entry", "28"),
    ("authentication failed", "28"),
    ("role ", "28"),
    ("the database system is", "57"),
    ("terminating connection", "57"),
    ("too many clients", "53"),
    ("remaining connection slots", "53"),
    ("database ", "3D000"),
)


def in_words(where: str, busy_timeout_s: float) -> AbstractContextManager[None]:
    """Turn the server's errors into ours.

    Raises:
        JournalLocked: others did not let go of something for longer than the timeout.
        JournalAway: the session broke; the step at hand is not recorded.
        JournalError: anything else; the step at hand is not recorded.
    """
    return explained(
        where,
        psycopg.Error,
        lambda error: explain(where, error, busy_timeout_s),
        lambda: _cause(where, "XX"),
    )


def explain(where: str, error: BaseException | None, busy_timeout_s: float) -> JournalError:
    """Give our error for one of the driver's."""
    code = getattr(error, "sqlstate", None)
    if code is None and not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return own_fault(where, error)
    code = code or _code_of_refusal(str(error))
    if code.startswith("23"):
        about = getattr(getattr(error, "diag", None), "message_primary", None) or "a constraint"
        return JournalError(
            f"{where}: expected to record each batch and each client order ID once, and to change "
            f"no history, found: {about}. {NOTHING}"
        )
    if code in _LOCKED:
        return JournalLocked(
            f"{where}: expected to have it for a moment, found it locked by another session for "
            f"{busy_timeout_s:g} s. {NOTHING} {_AGAIN}"
        )
    for known in (code, code[:2]):
        if known in _CAUSES:
            return _cause(where, known)
    return JournalError(f"{where}: expected to read and write it, found error {code}. {NOTHING}")


def broken(where: str) -> JournalAway:
    """Give our error for a session that broke while it only looked."""
    found = _cause(where, "08")
    assert isinstance(found, JournalAway)
    return found


def _cause(where: str, code: str) -> JournalError:
    expected, found, action, is_final = _CAUSES[code]
    kind = JournalAway if code in _AWAY else JournalError
    return kind(
        f"{where}: expected {expected}, found {found}. {NOTHING} {action}",
        is_final=is_final,
        advice=Advice.UPGRADE_JOURNAL if code == "42" else (),
    )


def _code_of_refusal(text: str) -> str:
    if _ROOT_MISSING in text:
        return _UNTRUSTED
    # Of several servers each has a line; and one that is away may be the one that is trusted.
    each = [line for line in text.splitlines() if line.startswith("- host:")] or [text]
    if all(any(words in one for words in _DISTRUST) for one in each):
        return _UNTRUSTED
    if "certificate" in text or "SSL" in text:
        return "08"
    if "FATAL:" in text or "no password supplied" in text:
        for words, code in _REFUSALS:
            if words in text:
                return code
    return _NOBODY if any(words in text for words in _SILENCE) else "08"
