"""An approval code stands for exactly one content, login and reading."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from batch.model import Validation
from batch.plan.approval import approval_code as code_of
from batch.plan.approval import approvals, record_approval, same_code
from batch.plan.identity import Login, identify
from tests.run.conftest import Desk
from tests.run.doubles import LOGIN, make_order, make_validation


def approval_code(validation: Validation, login: Login, *, again: bool = False) -> str:
    return code_of(validation, identify(validation.sheet, login), again=again)


SHEET = make_validation(make_order(2), make_order(3))


def test_a_code_is_short_and_always_the_same() -> None:
    code = approval_code(SHEET, LOGIN)

    assert re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}", code)
    assert approval_code(make_validation(make_order(2), make_order(3)), LOGIN) == code


@pytest.mark.parametrize(
    "other",
    [
        make_validation(make_order(2), make_order(3, size=Decimal(7))),
        make_validation(make_order(2), make_order(3), note="another note"),
        make_validation(make_order(2)),
        # The same cells, read another way.
        replace(SHEET, orders=(make_order(2), make_order(3, price=Decimal("111720")))),
        replace(SHEET, orders=(make_order(2, org="O", account="A"), make_order(3))),
        replace(SHEET, orders=(make_order(2),)),
    ],
)
def test_other_content_or_another_reading_has_another_code(other: Validation) -> None:
    assert approval_code(other, LOGIN) != approval_code(SHEET, LOGIN)


@pytest.mark.parametrize(
    "login",
    [
        Login("https://other.test", "ORG", "user"),
        Login("https://venue.test", "OTHER", "user"),
        Login("https://venue.test", "ORG", "other"),
    ],
)
def test_another_login_has_another_code(login: Login) -> None:
    assert approval_code(SHEET, login) != approval_code(SHEET, LOGIN)


def test_sending_again_needs_a_code_of_its_own() -> None:
    assert approval_code(SHEET, LOGIN, again=True) != approval_code(SHEET, LOGIN)


def test_codes_are_compared_as_people_type_them() -> None:
    assert same_code("ABCD-EFGH-2345", "abcdefgh 2345")
    assert not same_code("ABCD-EFGH-2345", "ABCD-EFGH-2346")
    assert not same_code("ABCD-EFGH-2345", "")


def test_the_journal_keeps_the_code_and_who_gave_it(desk: Desk) -> None:
    batch = desk.plan(SHEET).batch.batch_id

    record_approval(desk.journal, batch, "ABCD-EFGH-2345", "Ana", desk.clock)

    assert approvals(desk.journal, batch) == ["code ABCD-EFGH-2345, approved by Ana"]
    (event,) = [e for e in desk.journal.events(batch) if e.kind == "approved"]
    assert "process" in event.actor
