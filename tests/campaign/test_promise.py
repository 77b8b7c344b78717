"""The promise under lost replies and two processes at once, by the installed command itself."""

from __future__ import annotations

import pytest

from tests.campaign.conftest import Count
from tests.campaign.form import Form
from tests.campaign.office import Launchpad, Model
from tests.campaign.scenarios import lose_replies, redirect, start_twice

pytestmark = pytest.mark.campaign

OPEN_ONLY = Model("finds open orders only", client_id_query="open")
NEVER_IN_TIME = Model("shows orders late", client_id_query="open", client_id_delay_s=2.0)
"""Each order here is done within a second, and no longer shown when it would be."""
COVERS_DONE = Model("finds all", covers_done=True)


def test_with_the_default_setting_every_order_is_reported_as_itself_or_as_unknown(
    form: Form, count: Count
) -> None:
    office = lose_replies(NEVER_IN_TIME, 2, form.rows)

    count(office.figures)
    # Something must have been lost for this to say anything.
    assert office.figures["fault reset-after at place"] > 0
    assert office.figures["UNKNOWN left"] == office.figures["fault reset-after at place"]
    assert office.figures["orders at the venue"] == form.rows


def test_with_the_confirmed_setting_no_order_is_left_unknown(form: Form, count: Count) -> None:
    office = lose_replies(COVERS_DONE, 2, form.rows)

    count(office.figures)
    assert office.figures["fault reset-after at place"] > 0
    assert office.figures["UNKNOWN left"] == 0
    assert office.figures["orders at the venue"] == form.rows


@pytest.mark.parametrize("rows", [1, 100])
def test_fault_20_two_processes_with_the_same_sheet_post_each_row_once(
    rows: int, count: Count
) -> None:
    count(start_twice(COVERS_DONE, rows).figures)


def test_fault_14_a_redirected_order_goes_nowhere_else(
    launchpads: list[Launchpad], count: Count
) -> None:
    count(redirect(OPEN_ONLY, launchpads[0]).figures)
