"""How many realistic sheets are refused rightly, and how many wrongly."""

from __future__ import annotations

import pytest

from batch.sheet import HeaderRefusal
from batch.sheet.headers import Headers, require_fields
from batch.sheet.raw import RawRow
from batch.sheet.words import normalise
from tests.sheet.header_sets import DANGEROUS, DESKS_OWN, HEADER_SETS

# Refused though nobody meant an order field: they share a word with one, and a program cannot know
# better. The way out costs one option or one line of the settings.
REFUSED_WRONGLY = {
    "in-house blotter, reference prices": {"Market Rate"},
    "in-house blotter, checks": {"Amount check"},
    "payment run": {"Due Diligence"},
}


def refused_headers(name: str) -> tuple[set[str], set[str]]:
    """The headers of a set that a person would refuse, and those that the program does."""
    marked = HEADER_SETS[name].split("|")
    texts = [text.removeprefix("!") for text in marked]
    headers, row = Headers({}, ()), RawRow(1, texts)
    require_fields(name, row, headers, ())
    try:
        headers.notes(name, row)
    except HeaderRefusal as refusal:
        found = {str(problem.column) for problem in refusal.problems}
    else:
        found = set()
    return {text.removeprefix("!") for text in marked if text.startswith("!")}, found


@pytest.mark.parametrize("name", HEADER_SETS)
def test_a_realistic_sheet_is_refused_for_the_headers_that_count(name: str) -> None:
    wanted, found = refused_headers(name)

    assert found - wanted == REFUSED_WRONGLY.get(name, set())
    assert wanted - found == set()


def test_few_realistic_sheets_are_refused_wrongly() -> None:
    verdicts = [refused_headers(name) for name in HEADER_SETS]
    rightly = sum(bool(wanted) and bool(found) for wanted, found in verdicts)
    wrongly = sum(not wanted and bool(found) for wanted, found in verdicts)
    read = sum(not wanted and not found for wanted, found in verdicts)

    assert (len(verdicts), rightly, read, wrongly) == (56, 34, 19, 3)


def is_refused(header: str) -> bool:
    headers = Headers({}, ())
    if normalise(header) in headers.known:
        return False
    try:
        headers.notes("orders.csv", RawRow(1, [header]))
    except HeaderRefusal:
        return True
    return False


def test_few_headers_of_a_desks_own_are_refused() -> None:
    refused = [header for header in DESKS_OWN if is_refused(header)]

    assert (len(refused), len(DESKS_OWN)) == (19, 135), refused


def test_few_headers_that_count_are_only_named() -> None:
    passed = [header for header in DANGEROUS if not is_refused(header)]

    assert (len(passed), len(DANGEROUS)) == (16, 162), passed
