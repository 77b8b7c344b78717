"""Thousands of histories in which everything goes wrong, counted at the venue."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.campaign.conftest import Count
from tests.campaign.form import PARTS, PARTS_OF_HOSTS, Form
from tests.campaign.journals import Server
from tests.campaign.machine import HistoriesOfHosts, live

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("part", range(PARTS))
def test_histories_double_and_lose_nothing(part: int, form: Form, count: Count) -> None:
    figures = live(form.histories // PARTS, part)

    count(figures)
    assert figures["histories"] >= form.histories // PARTS


@pytest.mark.parametrize("part", range(PARTS_OF_HOSTS))
def test_histories_of_hosts_that_share_a_journal_double_and_lose_nothing(
    part: int, form: Form, server: Server, count: Count
) -> None:
    wanted = form.histories_of_hosts // PARTS_OF_HOSTS

    figures = live(wanted, 100 + part, kind=HistoriesOfHosts, library=server)

    count(figures)
    count(Counter({"histories of hosts": figures["histories"]}))
    assert figures["histories"] >= wanted
    assert figures["taken over from a live process"] > 0
