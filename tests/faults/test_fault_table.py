"""The table itself: every row has a test that bears its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
NAME = re.compile(r"^def test_fault_0*(\d+)_", re.MULTILINE)

FAULTS = {
    1: "killed before the claim is committed",
    2: "killed with a claim, and nothing sent",
    3: "killed or stopped with requests sent and answers not recorded",
    4: "killed in the recovery, three times",
    5: "a claim that cannot be committed",
    6: "an answer that cannot be recorded",
    7: "no connection: refused, no such host, TLS, timeout",
    8: "no answer: reset, closed, timeout with the order placed later",
    9: "an answer cut off, dripping, unreadable, without an ID, or about another order",
    10: "a 4xx to a placing, with and without words",
    11: "a 401 in the middle of sixteen threads",
    12: "a 429 in every form",
    13: "a 5xx to a placing, the order placed or not",
    14: "a redirect",
    15: "a token that ends in mid-run, a clock that is wrong",
    16: "a wrong password",
    17: "an order that is not found for a while",
    18: "a venue that is away while orders are followed",
    19: "an unknown status, a part fill that expires, a cancel from outside, a late fill",
    20: "two processes on one sheet",
    21: "a journal that is old, deleted, read-only, or no database",
    22: "a report whose target is open, whose folder is gone, whose disk is full",
    23: "a proxy and a netrc file in the environment",
    24: "secrets in anything that is written or shown",
    25: "a request that is still under way when its successor asks",
    26: "interim answers, odd values, another charset beside a readable order ID",
    27: "a 4xx that is a gateway's, or that speaks of a duplicate",
    28: "the answer to another request",
    29: "answers that differ from what was sent, or do not say how much was filled",
    30: "a query for all open orders that is of no use",
    31: "another journal that has sent the same sheet",
}


@pytest.mark.parametrize("number", FAULTS, ids=lambda number: f"fault-{number}")
def test_every_fault_has_a_test_that_bears_its_number(number: int) -> None:
    named = {
        int(found) for path in TESTS.rglob("test_*.py") for found in NAME.findall(path.read_text())
    }

    assert number in named, FAULTS[number]
