"""The venue's words for a status, and what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.states import TRANSITIONS, OrderEvent, OrderState
from batch.venue.integral.statuses import EVENTS, event_of_status, is_published


@pytest.mark.parametrize("status", sorted(EVENTS))
def test_published_statuses_lead_somewhere_from_open(status: str) -> None:
    event = event_of_status(f" {status.lower()} ")

    assert (OrderState.OPEN, event) in TRANSITIONS


@given(st.text().filter(lambda text: text.strip().upper() not in EVENTS))
def test_a_status_that_is_not_published_counts_as_still_working(status: str) -> None:
    assert event_of_status(status) is OrderEvent.WORKING
    assert not is_published(status)
