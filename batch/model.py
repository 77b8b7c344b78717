"""The nouns of the program, as frozen values that pass between the layers. Layer 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from pathlib import Path

from batch.errors import Hint
from batch.escaping import shown as shown
from batch.states import FinalState, OrderEvent, OrderState, final_state
from batch.urls import canonical_url

REQUIRED_FIELDS = ("symbol", "side", "size", "price", "time_in_force")
OPTIONAL_FIELDS = (
    "currency",
    "client_order_id",
    "expiry_time",
    "min_size",
    "org",
    "account",
    "order_type",
    "note",
)
FIELDS = REQUIRED_FIELDS + OPTIONAL_FIELDS
"""What a column of an order sheet can mean.

Everything is sent but `note`, which is the desk's own, and `order_type`, which may only say what
every order is: a limit order.
"""

NUMBER_FIELDS = frozenset({"size", "price", "expiry_time", "min_size"})

MOST_DIGITS = 15
"""Significant digits that a spreadsheet, a float and the venue all keep of a number."""

LONGEST_CLIENT_ORDER_ID = 255
"""Source: the venue's WebSocket reference."""

LONGEST_EXPIRY_S = 86_399
"""Of a GTT order, in seconds. Source: the venue's reference."""


class Side(StrEnum):
    """From the order placer's side, and always for the dealt currency."""

    BUY = "Buy"
    SELL = "Sell"


class TimeInForce(StrEnum):
    """Source: the venue's WebSocket reference."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTT = "GTT"
    DAY = "DAY"


BRIEF = frozenset({TimeInForce.IOC, TimeInForce.FOK})
"""Orders that do not wait for a price."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order sheet.

    Attributes:
        header: the header as it stands in the sheet.
        field: the order field that it means (`price`, `time_in_force`, …); None for a column that
            orderbatch does not know and only carries along.
        letter: the spreadsheet's name of the column, from `A`.
    """

    header: str
    field: str | None
    letter: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the sheet.

    Attributes:
        number: the row number that a person sees in the spreadsheet, from 1. For a CSV file the
            number of the line on which the record starts.
        values: one text for each column of the sheet, `""` for a blank cell.
        numeric: positions in `values` whose cell is a number for the spreadsheet itself, so that
            its text is plain digits with a point whatever decimal sign the sheet's texts use.
    """

    number: int
    values: tuple[str, ...]
    numeric: frozenset[int] = frozenset()


def row_list(numbers: Sequence[int], limit: int = 20) -> str:
    """Write row numbers as people do: `7, 9, 12-40`.

    Args:
        numbers: in ascending order.
        limit: how many runs are written before the rest is only counted.
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs[:limit]]
    if len(runs) > limit:
        rest = sum(last - first + 1 for first, last in runs[limit:])
        words.append(f"and {rest:,} more")
    return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the data that a person has to mend (or, as a warning, should know).

    Attributes:
        code: stable kebab-case name of the cause (`not-a-number`, `unknown-side`, …).
        row: the sheet's row number; None for the whole sheet.
        column: the header as it stands in the sheet, or the field's name where there is none.
        field: the order field concerned; None for unknown columns and whole rows.
        expected: what the cell should hold, as a phrase (`a number above 0`).
        found: what it holds, as a person sees it, shortened and with control characters escaped.
        action: what to do about it, as a phrase; may be empty where `expected` says it all.
        advice: what may be done beside that, for the caller to put into words.
    """

    code: str
    row: int | None
    column: str | None
    field: str | None
    expected: str
    found: str
    action: str = ""
    advice: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """An order sheet as it was read: text, with true row numbers.

    Attributes:
        worksheet: the worksheet's name; None for a CSV file.
        header_row: row number of the header.
        columns: in the sheet's order, one for each header.
        rows: in the sheet's order, blank ones left out.
        problems: cells that could not be read as text without a guess (error values, formulas
            without a value, booleans, …). Their text in `rows` is what a person sees.
        sha256: of the file's bytes as they were read, in hexadecimal digits.
        warnings: what is odd about the sheet as a whole, or its headers, and yet allowed.
    """

    path: Path
    worksheet: str | None
    header_row: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What makes an order this order, whoever speaks of it: a sheet, the journal or the venue.

    The one list that fingerprints, approval codes, equal rows and the comparison with the venue
    share. None stands for what an order does not have, or what was not said.
    """

    symbol: str | None = None
    side: Side | None = None
    currency: str | None = None
    size: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expiry_time_s: int | None = None
    min_size: Decimal | None = None
    org: str | None = None
    account: str | None = None

    def texts(self) -> tuple[str, ...]:
        """Give each term as text, empty for None.

        Numbers count by value: 1.3927 and 1.39270 are the same limit price.
        """
        return tuple(map(_term_text, _values_of_terms(self)))


TERMS = tuple(field.name for field in fields(Terms))
"""The names of the terms, in their order, which the fingerprints of a journal rely on."""

_values_of_terms = attrgetter(*TERMS)


def _term_text(value: object) -> str:
    if value is None:
        return ""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True)
class Order:
    """One limit order, validated, with numbers as the sheet wrote them.

    Attributes:
        row: the sheet's row number.
        client_order_id: the sheet's own; None where it has none.
        symbol: `EUR/USD`, base before term.
        currency: the dealt currency, one of the two of `symbol`; `size` and `side` speak of it.
        price: limit price in units of the term currency for one of the base.
        expiry_time_s: seconds from placing, up to `LONGEST_EXPIRY_S`; only with GTT.
        min_size: minimum fill in the dealt currency.
        org, account: both or neither.
    """

    row: int
    symbol: str
    side: Side
    currency: str
    size: Decimal
    price: Decimal
    time_in_force: TimeInForce
    client_order_id: str | None = None
    expiry_time_s: int | None = None
    min_size: Decimal | None = None
    org: str | None = None
    account: str | None = None

    def terms(self) -> Terms:
        """Give what the order is: everything but where it stands and what it is called."""
        return Terms(*_values_of_terms(self))

    @property
    def is_brief(self) -> bool:
        """By its time in force it ends as soon as it is taken."""
        return self.time_in_force in BRIEF


@dataclass(frozen=True, slots=True)
class Validation:
    """What became of a sheet's rows.

    Attributes:
        orders: the good rows, in the sheet's order.
        problems: everything that is wrong, by row and then column; a row with a problem is not
            among `orders`.
        warnings: what is allowed but worth a look (rows that equal each other).
    """

    sheet: Sheet
    orders: tuple[Order, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def invalid_rows(self) -> frozenset[int]:
        """Row numbers with at least one problem."""
        return frozenset(problem.row for problem in self.problems if problem.row is not None)


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as the venue last described it.

    Attributes:
        status: as it came, upper case or not; for people.
        event: what that status means for the order; one that is not published counts as working.
        is_published: the status is one whose meaning is published.
        filled_size: in the dealt currency; None where the venue did not say.
        average_price: None where the venue did not say.
        execution_id: the back office's key to the last execution; None where the venue gave none.
        terms: the order's own terms as the venue echoed them; None where it left one out.
        odd_terms: by the names of `Terms`, what it echoed of a term that can be no such term.
        request_id: of the request that brought this answer.
    """

    server_order_id: str
    client_order_id: str
    status: str
    event: OrderEvent
    is_published: bool = True
    filled_size: Decimal | None = None
    average_price: Decimal | None = None
    execution_id: str | None = None
    message: str = ""
    terms: Terms = Terms()
    odd_terms: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class SpotRate:
    """A two-sided price, in units of the term currency for one of the base."""

    symbol: str
    bid: Decimal
    offer: Decimal


@dataclass(frozen=True, slots=True)
class Login:
    """Whose orders at which venue, by value: made by `Login.of`, however the settings spell it."""

    url: str
    org: str
    user: str

    @classmethod
    def of(cls, url: str, org: str, user: str) -> Login:
        """Give the one spelling of a login: of the URL, and no blanks around the names."""
        return cls(canonical_url(url), org.strip(), user.strip())

    def differs_in_case_alone(self, other: Login) -> bool:
        """Say whether somebody may have meant the same by two logins."""
        mine, theirs = (self.url, self.org, self.user), (other.url, other.org, other.user)
        return mine != theirs and [w.casefold() for w in mine] == [w.casefold() for w in theirs]


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch as the journal holds it: one sheet's content under one login and one run key.

    Attributes:
        run_key: empty where none was given.
    """

    batch_id: str
    sheet_path: str
    worksheet: str | None
    columns: tuple[Column, ...]
    row_count: int
    venue_url: str
    org: str
    user: str
    simulated: bool
    created_at: datetime
    run_key: str = ""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A row of a batch as the journal holds it, valid or not.

    Attributes:
        values: the sheet's own cells as they were, one for each of the batch's columns.
        order: None for an INVALID row.
        payload: the exact JSON text that is, or would be, sent; None for an INVALID row.
        venue_status: the venue's last word, as it came.
        message: for a person: the problems of an invalid row, the venue's words, what is unknown
            and why.
        request_id: of the placing; of the last question where the placing has none.
        execution_id: the venue's, as it last came.
        claim_epoch: the hold of the batch under which it was last claimed; None where it never
            was, or by a version that did not record it.
    """

    batch_id: str
    row: int
    values: tuple[str, ...]
    state: OrderState
    order: Order | None = None
    client_order_id: str | None = None
    payload: str | None = None
    venue_status: str | None = None
    server_order_id: str | None = None
    filled_size: Decimal | None = None
    average_price: Decimal | None = None
    message: str = ""
    submitted_at: datetime | None = None
    finished_at: datetime | None = None
    request_id: str | None = None
    execution_id: str | None = None
    claim_epoch: int | None = None

    @property
    def final_state(self) -> FinalState:
        """The state in the report's words."""
        return final_state(self.state)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One line of a batch's history; append-only.

    Attributes:
        row: None for what concerns the whole batch.
        kind: an `OrderEvent`, or a batch-wide word such as `planned` or `run-started`.
        detail: words for an auditor; never a secret.
        actor: operating-system user, host and process that recorded it.
    """

    batch_id: str
    row: int | None
    at: datetime
    kind: str
    state: OrderState | None
    detail: str
    request_id: str | None
    actor: str
