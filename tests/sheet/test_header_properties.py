"""Headers with typing mistakes: understood rightly or refused, never read as something else."""

from __future__ import annotations

import csv
import tempfile
import unicodedata
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.model import FIELDS, REQUIRED_FIELDS, Order, Side, TimeInForce
from batch.schema import validate
from batch.sheet import read
from batch.sheet.headers import ALIASES, Headers
from batch.sheet.words import normalise

# One order in which every field says something that its absence would change.
CELLS = {
    "symbol": "EUR/USD",
    "side": "Sell",
    "size": "1000000",
    "price": "1.0925",
    "time_in_force": "GTT",
    "currency": "USD",
    "client_order_id": "A-1",
    "expiry_time": "30",
    "min_size": "5000",
    "org": "Desk",
    "account": "Book",
    "order_type": "Limit",
}
MEANT = Order(
    row=2,
    symbol="EUR/USD",
    side=Side.SELL,
    currency="USD",
    size=Decimal(1000000),
    price=Decimal("1.0925"),
    time_in_force=TimeInForce.GTT,
    client_order_id="A-1",
    expiry_time_s=30,
    min_size=Decimal(5000),
    org="Desk",
    account="Book",
)

KNOWN = Headers({}, ()).known
SPELT = {field: [field, *ALIASES[field]] for field in FIELDS if field != "note"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = (
    "old",
    "new",
    "my",
    "our",
    "the",
    "2",
    "no",
    "name",
    "code",
    "desk",
    "client",
    "extra",
    "x",
)
PUNCTUATION = [
    char
    for char in map(chr, range(0x20, 0x2060))
    if unicodedata.category(char)[0] == "P" and char not in "%#\u2030\u2031"
]
INVISIBLE = [*"\ufeff\u200b\u200d\u2060\u00ad\u200e \u00a0\u3000\t"]

aliases = st.sampled_from([(field, alias) for field, found in SPELT.items() for alias in found])
dressing = st.sampled_from([*PUNCTUATION, *INVISIBLE])


@st.composite
def dressed(draw: st.DrawFn, alias: str) -> str:
    """A header in another case, with punctuation and what nobody sees between its letters."""
    text = "".join(draw(st.sampled_from([char.lower(), char.upper()])) for char in alias)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(dressing) + text[place:]
    return text


@st.composite
def mistyped(draw: st.DrawFn, alias: str, most: int = 2) -> str:
    """A header with one slip of the finger, or two in a long one, and maybe a word too many."""
    text = alias
    letters = len(normalise(alias))
    for _ in range(draw(st.integers(0, most if letters > 5 else 1))):
        place = draw(st.integers(0, len(text) - 1))
        slip = draw(st.sampled_from(["drop", "add", "other", "swap"]))
        letter = draw(st.sampled_from(LETTERS))
        if slip == "swap":
            text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
        elif slip == "drop":
            text = text[:place] + text[place + 1 :]
        else:
            text = text[:place] + letter + text[place + (slip == "other") :]
    if draw(st.booleans()):
        word = draw(st.sampled_from(WORDS))
        text = f"{word} {text}" if draw(st.booleans()) else f"{text} {word}"
    return text


@given(st.data())
def test_case_punctuation_and_what_nobody_sees_do_not_count(data: st.DataObject) -> None:
    field, alias = data.draw(aliases)

    assert KNOWN[normalise(data.draw(dressed(alias)))] == field


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_mistyped_header_is_known_suspicious_or_another_that_stands_out(
    data: st.DataObject,
) -> None:
    field, alias = data.draw(aliases)
    header = data.draw(mistyped(alias))
    name = normalise(header)

    if len(name) < 2 or name in KNOWN:
        # What is read as another field stands beside that field's own column, if it is required.
        assert len(name) < 2 or KNOWN[name] == field or field in REQUIRED_FIELDS
        return

    assert name not in carried_along(header) or field in REQUIRED_FIELDS


def carried_along(header: str) -> set[str]:
    """The normalised header where it is taken for a desk's own."""
    from batch.sheet import HeaderRefusal
    from batch.sheet.raw import RawRow

    try:
        notes = Headers({}, ()).notes("orders.csv", RawRow(1, [header]))
    except HeaderRefusal:
        return set()
    return {normalise(note.found) for note in notes}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_sheet_with_typing_mistakes_gives_the_order_that_was_meant_or_none(
    data: st.DataObject,
) -> None:
    fields = data.draw(st.permutations(list(CELLS)))
    headers = [data.draw(st.sampled_from(SPELT[field])) for field in fields]
    for place in data.draw(st.lists(st.integers(0, len(headers) - 1), max_size=3, unique=True)):
        headers[place] = data.draw(mistyped(headers[place]) | dressed(headers[place]))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([headers, [CELLS[field] for field in fields]])
        try:
            orders = validate(read(path)).orders
        except SheetError:
            return

    assert orders in ((), (MEANT,))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from("aeinorstlmkpdc /._-#%$\u0130\u00df\u0430\ufeff12") | st.characters())
)
def test_any_text_is_judged_as_a_header_without_a_crash(chars: list[str]) -> None:
    carried_along("".join(chars))
