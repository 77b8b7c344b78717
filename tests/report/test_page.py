"""The report as one HTML page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from batch import report
from batch.model import BatchRecord, OrderRecord
from batch.report.page import LISTED
from batch.states import OrderState as S
from tests.report.conftest import StoppedClock, make_order

Page = Callable[..., str]
VOID = {"meta", "rect"}


class Reading(HTMLParser):
    """Reads a page, and keeps what is open, what was found and what it says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += f"{data}\n" if data.strip() else ""


@pytest.fixture
def write_page(tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock) -> Page:
    def write(orders: list[OrderRecord], **changes: object) -> str:
        path = report.write(tmp_path / "out.html", make_batch(**changes), orders, clock=clock)
        return path.read_text("utf-8")

    return write


def test_page_is_well_formed_and_fetches_nothing(
    write_page: Page, orders: list[OrderRecord]
) -> None:
    reading = Reading(write_page(orders))

    assert reading.open == []
    names = {tag for tag, _ in reading.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "base", "form"}
    for _, attributes in reading.tags:
        assert not attributes.keys() & {"src", "srcset", "background"}
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")


def test_page_has_the_headline_the_totals_and_the_list(
    write_page: Page, orders: list[OrderRecord]
) -> None:
    text = Reading(write_page(orders)).text

    for words in (
        "9 of 10 orders sent (2 of them UNKNOWN), 2 filled whole, 1 in part. 9 rows need a person.",
        "EUR at least 2,250,000 of 10,000,000 filled",
        "e3k7-q2mp",
        "2026-10-30 16:05:01 UTC",
        "TRS-013",
        "4820276005",
        "decide about the 750,000 EUR that are left",
        "≥ 22.50 %",
        "3,133,125.00 USD",
    ):
        assert words in text
    assert "practice" not in text


def test_every_need_leads_to_its_rows(write_page: Page, orders: list[OrderRecord]) -> None:
    reading = Reading(write_page(orders))

    targets = {attributes["id"] for _, attributes in reading.tags if "id" in attributes}
    links = {attributes["href"] for tag, attributes in reading.tags if tag == "a"}
    assert links == {f"#{target}" for target in targets}
    assert len(links) == 8


def test_bars_add_up_to_the_whole(write_page: Page, orders: list[OrderRecord]) -> None:
    reading = Reading(write_page(orders))

    widths = [float(attributes["width"] or 0) for tag, attributes in reading.tags if tag == "rect"]
    assert widths == [22.5, 47.5, 30.0]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "&amp;"])
def test_what_a_sheet_or_a_venue_writes_is_text(text: str, write_page: Page) -> None:
    order = make_order(
        4, S.UNKNOWN, message=text, client_order_id=text, server_order_id=text, values=(text,) * 9
    )
    invalid = make_order(5, S.INVALID, message=text, values=(text,) * 9)

    reading = Reading(write_page([order, invalid], batch_id=text, sheet_path=text, org=text))

    assert not {"script", "img"} & {tag for tag, _ in reading.tags}
    assert text in reading.text.splitlines()


def test_practice_page_says_so(write_page: Page) -> None:
    text = Reading(write_page([make_order(4, S.FILLED)], simulated=True)).text

    assert "SIMULATED: practice against a local venue. No real order was placed." in text


def test_page_counts_what_it_does_not_list(write_page: Page) -> None:
    orders = [make_order(row, S.UNKNOWN) for row in range(2, 2 + LISTED + 7)]

    text = Reading(write_page(orders)).text

    assert text.count("\nTRS-") == LISTED
    assert "and 7 more: the workbook (.xlsx) and the .csv have them" in text


@pytest.mark.parametrize("state", list(S))
def test_page_of_one_row_can_be_written_in_every_state(state: S, write_page: Page) -> None:
    reading = Reading(write_page([make_order(4, state)]))

    assert reading.open == []
    assert "None" not in reading.text


def test_page_of_an_order_whose_fill_nobody_knows_shows_no_nought(write_page: Page) -> None:
    page = write_page([make_order(4, S.UNKNOWN)])

    assert "EUR 1,000,000: how much of it is filled is not known" in page
    assert not re.search(r"data-label=\"(Filled|Not filled)\">0<", page)


def test_empty_batch_has_a_page(write_page: Page) -> None:
    text = Reading(write_page([])).text

    assert "0 of 0 orders sent, 0 filled whole. Nothing needs a person." in text


def test_wide_totals_move_in_their_own_frame_and_break_no_amount(
    write_page: Page, orders: list[OrderRecord]
) -> None:
    page = write_page(orders)
    totals = page[page.index("<h2>Totals by symbol") : page.index("Other currency: what")]

    # The page itself never scrolls sideways; on a phone the longest amount has room for two.
    assert re.search(r'</h2>\s*<div class="wide">\s*<table class="stack">', totals)
    assert re.search(r"</table>\s*</div>", totals)
    assert "@media screen { .wide { overflow-x: auto; }" in page
    assert '.stack td[data-label="Other currency"] { grid-column: span 2; }' in page
