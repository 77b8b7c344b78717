"""Four eyes that work unattended: a second person's signature beside a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from batch.config import ApprovalSettings
from batch.desk.options import ReadingOptions
from batch.desk.problems import totals_by_currency
from batch.desk.reading import read_and_validate
from batch.desk.session import Session
from batch.desk.signatures import approval_path, sign, signer_of
from batch.errors import ConfigError, GateError
from batch.journal.actor import system_user
from batch.model import Order, Validation
from batch.plan.approval import approval_content
from batch.plan.identity import Identity, identify
from batch.report.wording import counted


def approve(
    session: Session, sheet: Path, reading: ReadingOptions, key: Path, *, run: str | None
) -> str:
    """Sign exactly what would be sent of a sheet, and leave the signature beside it.

    Args:
        key: the approver's own SSH key.
        run: the run key under which it is to be sent.

    Returns:
        What was approved, in words.

    Raises:
        SheetError, GateError: there is nothing that could be approved.
        ConfigError: the login is not known, or the key does not sign.
    """
    login = session.known_login()
    if login is None:
        raise ConfigError(
            "settings: expected whose orders at which venue these will be, found no such login. "
            "Set ORDERBATCH_URL, ORDERBATCH_USER and ORDERBATCH_ORG as whoever sends them does; "
            "the password is not needed."
        )
    validation = read_and_validate(sheet, reading, session)
    session.listener.check(validation)
    if validation.problems:
        raise GateError(
            f"{sheet}: expected a sheet without problems, found {len(validation.problems):,}. "
            "Nothing was approved."
        )
    run_key = session.run_key(run, sheet)
    identity = identify(validation.sheet, login, run_key)
    target = approval_path(sheet)
    sign(approval_content(validation, identity), key, target)
    sums = ", ".join(
        f"{currency} {total:,f}"
        for currency, total in totals_by_currency(validation.orders).items()
    )
    under = f" under run key {run_key}" if run_key else ""
    orders = counted(len(validation.orders), "order")
    return (
        f"Approved: {orders} ({sums}) as {login.user} of {login.org} at "
        f"{login.url}{under}. The signature is in {target}."
    )


def is_approval_required(settings: ApprovalSettings, orders: Sequence[Order]) -> bool:
    """Say whether these orders need a second person.

    A currency that `required_above` does not name has no bound below which nobody need look.
    """
    if settings.required:
        return True
    above = settings.required_above
    if not above:
        return False
    return any(
        currency not in above or total > above[currency]
        for currency, total in totals_by_currency(orders).items()
    )


def proven_approver(
    session: Session, validation: Validation, identity: Identity, *, again: bool = False
) -> str | None:
    """Give the person whose signature beside the sheet holds for exactly this; None without one.

    Raises:
        ConfigError: the settings do not say who may sign.
        GateError: the signature is not valid for this, or is the submitter's own.
    """
    settings = session.settings.approval
    path = approval_path(validation.sheet.path)
    if settings.allowed_signers is None or not path.exists():
        return None
    content = approval_content(validation, identity, again=again)
    signer = signer_of(content, path, settings.allowed_signers)
    submitter = identity.login.user
    wanted = settings.signers.get(submitter)
    if wanted is not None:
        allowed = (wanted,) if isinstance(wanted, str) else wanted
        if signer not in allowed:
            raise GateError(
                f"{path}: expected the signature of {' or '.join(allowed)} on what {submitter} "
                f"sends, found {signer}'s."
            )
    elif signer.casefold() in {submitter.casefold(), system_user().casefold()}:
        raise GateError(
            f"{path}: expected the signature of a second person, found that of {signer}, who "
            "sends it."
        )
    return signer


def why_unapproved(session: Session, sheet: Path, reading: ReadingOptions, run: str | None) -> str:
    """Say why a complete sheet still waits for a second person; empty where it does not.

    A sheet that cannot be read, or has problems, waits for nobody: it is refused.
    """
    settings = session.settings.approval
    if session.simulated or not (settings.required or settings.required_above):
        return ""
    from batch.errors import BatchError, SheetError

    try:
        validation = read_and_validate(sheet, reading, session)
    except SheetError:
        return ""
    if validation.problems or not is_approval_required(settings, validation.orders):
        return ""
    try:
        identity = identify(validation.sheet, session.login(), session.run_key(run, sheet))
        if proven_approver(session, validation, identity) is not None:
            return ""
    except BatchError as error:
        return str(error)
    return f"it is not approved yet ({approval_path(sheet).name} is not there)"
