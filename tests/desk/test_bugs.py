"""Deliberate bugs in what makes an order this order: each is caught by the scenario against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from batch.desk import submitting
from batch.journal import Looking
from batch.model import Login
from batch.plan import commit as commits
from batch.plan import draft as drafts
from batch.plan import exposures
from batch.states import OrderState
from tests.desk import test_once as once
from tests.desk.test_once import Office, office, venue

__all__ = ["office", "venue"]

Patch = Callable[[pytest.MonkeyPatch], None]
Scenario = Callable[[Office], None]


def no_reading_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drafts, "refuse_other_reading", lambda *_: None)


def equal_rows_never_meet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exposures._Pools, "next_of", lambda *_: None)


def one_exposure_stands_for_every_equal_row(patch: pytest.MonkeyPatch) -> None:
    def first(self: Any, fingerprint: str) -> Any:
        orders = list(self._left.get(fingerprint, ()))
        self._left[fingerprint] = iter(orders)
        return orders[0] if orders else None

    patch.setattr(exposures._Pools, "next_of", first)


def open_orders_are_forgotten_after_a_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exposures, "LIVE", frozenset({OrderState.SENDING}))


def logins_are_compared_by_their_letters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Login, "of", classmethod(lambda cls, *words: cls(*words)))


def only_the_own_orders_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Looking, "_scope", Looking._mine)


def capital_letters_make_another_login(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drafts, "require_one_spelling", lambda *_: None)


def only_the_journal_is_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submitting, "refuse_unknown_report", lambda *_: None)


def a_retry_of_again_sends_again(patch: pytest.MonkeyPatch) -> None:
    original = drafts.draft

    def draft(journal: Any, identity: Any, validation: Any, options: Any, **named: Any) -> Any:
        return original(journal, identity, validation, replace(options, once=False), **named)

    patch.setattr(submitting, "draft", draft)


def yesterdays_result_is_todays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drafts, "_refuse_stale", lambda *_: None)


def every_run_is_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(exposures, "is_of_another_run", lambda *_: False)


def sheets_of_a_command_do_not_know_each_other(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(submitting, "refuse_shared_rows", lambda *_: None)
    patch.setattr(commits, "_refuse_change", lambda *_: None)


CAUGHT: list[tuple[Patch, Scenario]] = [
    (no_reading_compared, once.test_a_reading_that_changed_refuses_and_names_both),
    (equal_rows_never_meet, once.test_a_row_that_filled_beside_its_refused_twin_is_not_sent_again),
    (
        one_exposure_stands_for_every_equal_row,
        once.test_of_equal_rows_only_those_beyond_what_was_sent_leave,
    ),
    (
        open_orders_are_forgotten_after_a_day,
        lambda office: once.test_an_order_that_is_open_counts_after_a_day(office, "skip"),
    ),
    (
        logins_are_compared_by_their_letters,
        lambda office: once.test_another_spelling_of_the_venue_is_the_same_login(
            office, "HTTP://{host}"
        ),
    ),
    (
        capital_letters_make_another_login,
        lambda office: once.test_a_login_in_other_letters_is_refused_for_good(
            office, {"user": "OPS"}
        ),
    ),
    (
        only_the_own_orders_count,
        once.test_what_a_colleague_of_the_org_sent_counts_and_names_the_colleague,
    ),
    (only_the_journal_is_asked, once.test_results_that_the_journal_knows_nothing_of_refuse),
    (
        a_retry_of_again_sends_again,
        once.test_an_equal_order_of_another_run_that_is_still_open_refuses,
    ),
    (
        yesterdays_result_is_todays,
        lambda office: once.test_a_sheet_of_yesterday_without_a_key_is_refused(office, once.FILLED),
    ),
    (every_run_is_the_same, once.test_another_key_is_another_batch_whose_rows_are_no_duplicates),
    (
        sheets_of_a_command_do_not_know_each_other,
        once.test_two_sheets_of_one_command_that_share_an_order_are_refused_before_any_is_sent,
    ),
]


@pytest.mark.parametrize(
    ("bug", "scenario"), CAUGHT, ids=[getattr(bug, "__name__", "") for bug, _ in CAUGHT]
)
def test_a_deliberate_bug_is_caught(
    office: Office, monkeypatch: pytest.MonkeyPatch, bug: Patch, scenario: Scenario
) -> None:
    bug(monkeypatch)

    with pytest.raises(AssertionError):
        scenario(office)
