"""Thousands of histories in which everything goes wrong, counted at the venue."""

from __future__ import annotations

import pytest

from tests.campaign.conftest import Count
from tests.campaign.form import PARTS, Form
from tests.campaign.machine import live

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("part", range(PARTS))
def test_histories_double_and_lose_nothing(part: int, form: Form, count: Count) -> None:
    figures = live(form.histories // PARTS, part)

    count(figures)
    assert figures["histories"] >= form.histories // PARTS
