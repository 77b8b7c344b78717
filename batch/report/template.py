"""The blank order workbook that is handed out to be filled in. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from xlsxwriter.worksheet import Worksheet

from batch.errors import Advice, Hint, Wording
from batch.model import LONGEST_CLIENT_ORDER_ID, LONGEST_EXPIRY_S, MOST_DIGITS
from batch.report.cells import Cells, open_workbook
from batch.report.palette import HEADER, INK, RULE
from batch.report.text import exact_number

LINES = 5_000
"""Rows below the header that are prepared with drop-down lists and checks."""

PAIRS = (
    "EUR/USD", "GBP/USD", "USD/JPY", "AUD/USD", "NZD/USD", "USD/CAD", "USD/CHF", "EUR/GBP",
    "EUR/JPY", "EUR/CHF", "EUR/SEK", "EUR/NOK", "USD/MXN", "USD/SGD", "USD/ZAR", "EUR/PLN",
    "GBP/JPY", "AUD/NZD",
)  # fmt: skip
CURRENCIES = tuple(sorted({currency for pair in PAIRS for currency in pair.split("/")}))
_A4 = 9


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of the sheet, and what Excel itself checks in it."""

    name: str
    required: str
    meaning: str
    example: str
    width: int
    num_format: str
    validation: dict[str, Any]
    refusal: str


def _listed(values: Sequence[str], *, others: bool = False) -> dict[str, Any]:
    style = "warning" if others else "stop"
    return {"validate": "list", "source": list(values), "error_type": style}


_ABOVE_ZERO: dict[str, Any] = {"validate": "decimal", "criteria": ">", "value": 0}
_SHORT: dict[str, Any] = {"validate": "length", "criteria": "<=", "value": LONGEST_CLIENT_ORDER_ID}
_LONG: dict[str, Any] = {"validate": "length", "criteria": "<=", "value": 1000}
_AMOUNT, _PRICE, _TEXT = "#,##0.00########", "0.000##########", "@"

FIELDS = (
    _Field(
        "client_order_id",
        "no",
        f"Your own name for the order, at most {LONGEST_CLIENT_ORDER_ID} characters, never used "
        "before. "
        "Left blank, orderbatch makes one.",
        "TRS-1030-001",
        22,
        _TEXT,
        _SHORT,
        f"At most {LONGEST_CLIENT_ORDER_ID} characters.",
    ),
    _Field(
        "symbol",
        "yes",
        "The currency pair, base first. Choose one or type another.",
        "EUR/USD",
        12,
        _TEXT,
        _listed(PAIRS, others=True),
        "This pair is not in the list. Keep it if it is meant: base/term, such as EUR/USD.",
    ),
    _Field(
        "side",
        "yes",
        "Buy or Sell, as seen from you, always of the dealt currency.",
        "Buy",
        9,
        _TEXT,
        _listed(("Buy", "Sell")),
        "Choose Buy or Sell.",
    ),
    _Field(
        "currency",
        "no",
        "The dealt currency: one of the two of the pair. Left blank, the base currency.",
        "EUR",
        12,
        _TEXT,
        _listed(CURRENCIES, others=True),
        "This currency is not in the list. Keep it if it is one of the two of the pair.",
    ),
    _Field(
        "size",
        "yes",
        f"How much of the dealt currency: a number above 0, at most {MOST_DIGITS} digits.",
        "1000000",
        20,
        _AMOUNT,
        _ABOVE_ZERO,
        "A number above 0.",
    ),
    _Field(
        "price",
        "yes",
        "The limit price, in units of the term currency for one of the base: a number above 0. "
        "The order is done at this price or better.",
        "1.09717",
        15,
        _PRICE,
        _ABOVE_ZERO,
        "A number above 0.",
    ),
    _Field(
        "time_in_force",
        "yes",
        "GTC until cancelled, IOC at once as much as possible, FOK at once in full or not at "
        "all, GTT for expiry_time seconds, DAY until the end of the day.",
        "IOC",
        16,
        _TEXT,
        _listed(("GTC", "IOC", "FOK", "GTT", "DAY")),
        "Choose GTC, IOC, FOK, GTT or DAY.",
    ),
    _Field(
        "expiry_time",
        "with GTT only",
        f"Seconds until the order expires, a whole number from 1 to {LONGEST_EXPIRY_S}. Needed "
        "with GTT, and to be left blank with all others.",
        "300",
        14,
        "0",
        {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": LONGEST_EXPIRY_S},
        f"A whole number of seconds from 1 to {LONGEST_EXPIRY_S}, and only with GTT.",
    ),
    _Field(
        "min_size",
        "no",
        "The smallest fill to accept, in the dealt currency: a number above 0.",
        "250000",
        20,
        _AMOUNT,
        _ABOVE_ZERO,
        "A number above 0.",
    ),
    _Field(
        "org",
        "both or neither",
        "The organisation on whose behalf the order is placed; then account is needed too.",
        "ACME",
        14,
        _TEXT,
        _SHORT,
        f"At most {LONGEST_CLIENT_ORDER_ID} characters.",
    ),
    _Field(
        "account",
        "both or neither",
        "The account of that organisation; then org is needed too.",
        "ACME-FX",
        14,
        _TEXT,
        _SHORT,
        f"At most {LONGEST_CLIENT_ORDER_ID} characters.",
    ),
    _Field(
        "note",
        "no",
        "Anything for people. It is never sent, and comes back in the report.",
        "payroll",
        36,
        _TEXT,
        _LONG,
        "At most 1000 characters.",
    ),
)

_EXAMPLES = (
    ("TRS-1", "EUR/USD", "Buy", "", "1000000", "1.09717", "IOC", "", "", "", "", "payroll"),
    ("TRS-2", "USD/JPY", "Sell", "USD", "750000", "157.250", "GTC", "", "", "", "", ""),
    ("TRS-3", "USD/JPY", "Buy", "JPY", "50000000", "157.100", "FOK", "", "", "", "", ""),
    ("TRS-4", "GBP/USD", "Sell", "GBP", "500000", "1.34000", "GTT", "300", "", "", "", ""),
    ("TRS-5", "EUR/GBP", "Buy", "EUR", "2000000", "0.83380", "DAY", "", "250000", "", "", ""),
    ("", "AUD/NZD", "Sell", "AUD", "250000", "1.24600", "IOC", "", "", "ACME", "ACME-FX", ""),
)
_EXPLANATIONS = (
    "Buys 1,000,000 EUR at 1.09717 or lower; what is not done at once expires.",
    "Sells 750,000 USD at 157.250 or higher; works until it is filled or cancelled.",
    "The dealt currency is JPY: buys 50,000,000 JPY, all of it at once or nothing.",
    "Sells 500,000 GBP at 1.34000 or higher, for 300 seconds.",
    "Works for the day, in fills of at least 250,000 EUR.",
    "On behalf of the organisation ACME; orderbatch makes the client order ID.",
)
_COMMANDS = (Advice.TO_CHECK, Advice.TO_PRACTISE, Advice.TO_SUBMIT)
_STEPS = (
    "1. Fill in the worksheet Orders, one order a row. Dark headers are required.",
    "2. Save, and check it; nothing is sent:  {TO_CHECK}",
    "3. Practise with it; nothing is sent to a real venue:  {TO_PRACTISE}",
    "4. Send it:  {TO_SUBMIT}",
    "Enter numbers as numbers, do not merge cells, and do not hide rows. Columns of your own may "
    "stand to the right; they come back in the report.",
    "An orange cell on Orders is missing or does not go with the rest of its row.",
)


def write_template_workbook(stream: BinaryIO, word: Wording = str) -> None:
    """Write the worksheets `Orders`, `Examples` and `Help`."""
    with open_workbook(stream) as workbook:
        orders = workbook.add_worksheet("Orders")
        examples = workbook.add_worksheet("Examples")
        help_page = workbook.add_worksheet("Help")
        for worksheet in (orders, examples, help_page):
            worksheet.set_landscape()
            worksheet.set_paper(_A4)
            worksheet.fit_to_pages(1, 0)
            worksheet.set_footer("&L&A&RPage &P of &N")
        _write_orders(orders, Cells(workbook, orders))
        _write_examples(examples, Cells(workbook, examples))
        _write_help(help_page, Cells(workbook, help_page), word)


def _write_orders(worksheet: Worksheet, cells: Cells) -> None:
    worksheet.freeze_panes(1, 0)
    worksheet.repeat_rows(0)
    _write_header(worksheet, cells)
    for place, field in enumerate(FIELDS):
        worksheet.write_comment(
            0,
            place,
            f"{field.name} (required: {field.required})\n{field.meaning}",
            {"author": "orderbatch", "x_scale": 2, "y_scale": 1.3},
        )
        worksheet.data_validation(
            1,
            place,
            LINES,
            place,
            {
                "error_type": "stop",
                **field.validation,
                "error_title": field.name,
                "error_message": field.refusal,
            },
        )
    _mark_misfits(worksheet, cells)


def _write_header(worksheet: Worksheet, cells: Cells) -> None:
    for place, field in enumerate(FIELDS):
        worksheet.set_column(place, place, field.width, cells.style(**_style(field)))
    worksheet.set_row(0, 22)
    for place, field in enumerate(FIELDS):
        style = HEADER if field.required == "yes" else {**HEADER, "bg_color": "#6B7F99"}
        align = _style(field)["align"]
        cells.text(0, place, field.name, align=align, indent=1, **style)


def _style(field: _Field) -> dict[str, Any]:
    align = "left" if field.num_format == _TEXT else "right"
    return {"num_format": field.num_format, "align": align, "indent": 1}


def _mark_misfits(worksheet: Worksheet, cells: Cells) -> None:
    """Colour while typing what a list or a limit of one cell cannot see."""
    letter = {field.name: chr(ord("A") + place) for place, field in enumerate(FIELDS)}
    last = letter[FIELDS[-1].name]
    gtt = f'UPPER(${letter["time_in_force"]}2)="GTT"'
    expiry = f"LEN(${letter['expiry_time']}2)>0"
    org = f"LEN(${letter['org']}2)>0"
    account = f"LEN(${letter['account']}2)>0"
    rules = {
        field.name: f"=AND(LEN(${letter[field.name]}2)=0,COUNTA($A2:${last}2)>0)"
        for field in FIELDS
        if field.required == "yes"
    }
    rules["expiry_time"] = f"={gtt}<>({expiry})"
    rules["org"] = f"=AND(NOT({org}),{account})"
    rules["account"] = f"=AND({org},NOT({account}))"
    orange = cells.style(bg_color="#F8CBAD")
    for name, formula in rules.items():
        place = ord(letter[name]) - ord("A")
        worksheet.conditional_format(
            1, place, LINES, place, {"type": "formula", "criteria": formula, "format": orange}
        )


def _write_examples(worksheet: Worksheet, cells: Cells) -> None:
    worksheet.freeze_panes(1, 0)
    _write_header(worksheet, cells)
    explained = len(FIELDS)
    worksheet.set_column(explained, explained, 74)
    cells.text(0, explained, "what it does", **HEADER)
    for line, (values, explanation) in enumerate(
        zip(_EXAMPLES, _EXPLANATIONS, strict=True), start=1
    ):
        for place, (field, text) in enumerate(zip(FIELDS, values, strict=True)):
            number = None if field.num_format == _TEXT else exact_number(text)
            if number is None:
                cells.text(line, place, text, **_style(field))
            else:
                cells.number(line, place, number, **_style(field))
        cells.text(line, explained, explanation, italic=True)


def _write_help(worksheet: Worksheet, cells: Cells, word: Wording) -> None:
    worksheet.hide_gridlines(2)
    for place, width in enumerate((20, 18, 84, 18)):
        worksheet.set_column(place, place, width)
    worksheet.set_row(0, 30)
    cells.text(0, 0, "How to fill in an order sheet", bold=True, font_size=18, font_color=INK)
    line = 2
    commands = {advice.name: word(Hint(advice)) for advice in _COMMANDS}
    for step in (text.format(**commands) for text in _STEPS):
        worksheet.set_row(line, 32 if len(step) > 120 else 17)
        style = cells.style(text_wrap=True)
        worksheet.merge_range(line, 0, line, 3, "", style)
        cells.text(line, 0, step, text_wrap=True)
        line += 1
    line += 1
    for place, name in enumerate(("Column", "Required", "What to enter", "Example")):
        cells.text(line, place, name, **HEADER)
    for field in FIELDS:
        line += 1
        worksheet.set_row(line, 32 if len(field.meaning) > 80 else 17)
        ruled: dict[str, Any] = {"bottom": 1, "bottom_color": RULE, "text_wrap": True}
        cells.text(line, 0, field.name, bold=True, **ruled)
        cells.text(line, 1, field.required, **ruled)
        cells.text(line, 2, field.meaning, **ruled)
        cells.text(line, 3, field.example, **ruled)
