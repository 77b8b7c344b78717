"""The blank order workbook: what it offers, and what Excel itself refuses in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from batch import report
from batch.errors import ReportError

FIELDS = [
    "client_order_id",
    "symbol",
    "side",
    "currency",
    "size",
    "price",
    "time_in_force",
    "expiry_time",
    "min_size",
    "org",
    "account",
    "note",
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return load_workbook(report.write_template(tmp_path_factory.mktemp("t") / "orders.xlsx"))


def test_template_opens_on_orders_and_brings_examples_and_help(template: Workbook) -> None:
    assert template.sheetnames == ["Orders", "Examples", "Help"]
    assert template.active is not None
    assert template.active.title == "Orders"


def test_headers_are_the_field_names_each_with_a_comment(template: Workbook) -> None:
    header = template["Orders"][1]

    assert [cell.value for cell in header] == FIELDS
    for cell in header:
        assert cell.comment is not None
        assert str(cell.value) in cell.comment.text
    assert template["Orders"].freeze_panes == "A2"
    assert template["Orders"].max_row == 1


def test_each_column_has_the_check_that_excel_enforces(template: Workbook) -> None:
    checks = {}
    for rule in template["Orders"].data_validations.dataValidation:
        column = str(rule.sqref)[0]
        checks[column] = (rule.type, rule.operator, rule.formula1, rule.formula2, rule.errorStyle)
        assert str(rule.sqref) == f"{column}2:{column}5001"
        assert rule.error

    assert checks["C"] == ("list", None, '"Buy,Sell"', None, None)
    assert checks["G"] == ("list", None, '"GTC,IOC,FOK,GTT,DAY"', None, None)
    assert checks["E"] == checks["F"] == checks["I"]
    assert checks["E"][:3] == ("decimal", "greaterThan", "0")
    assert checks["H"] == ("whole", None, "1", "86399", None)
    assert checks["A"][:3] == ("textLength", "lessThanOrEqual", "255")


def test_pairs_and_currencies_are_offered_but_others_allowed(template: Workbook) -> None:
    rules = {
        str(rule.sqref)[0]: rule for rule in template["Orders"].data_validations.dataValidation
    }

    assert rules["B"].errorStyle == rules["D"].errorStyle == "warning"
    pairs = str(rules["B"].formula1).strip('"').split(",")
    assert len(pairs) == 18
    assert {"EUR/USD", "USD/JPY", "AUD/NZD"} <= set(pairs)


def test_ids_are_text_before_anything_is_typed(template: Workbook) -> None:
    for letter in "AJL":
        assert template["Orders"].column_dimensions[letter].number_format == "@"


def test_rules_that_span_cells_are_coloured_while_typing(template: Workbook) -> None:
    formulas = {
        str(area.sqref): area.rules[0].formula[0]
        for area in template["Orders"].conditional_formatting
    }

    assert formulas["H2:H5001"] == 'UPPER($G2)="GTT"<>(LEN($H2)>0)'
    assert formulas["B2:B5001"] == "AND(LEN($B2)=0,COUNTA($A2:$L2)>0)"
    assert set(formulas) >= {"J2:J5001", "K2:K5001"}


def test_examples_show_every_time_in_force_with_an_explanation(template: Workbook) -> None:
    lines = list(template["Examples"].iter_rows(values_only=True))

    assert list(lines[0]) == [*FIELDS, "what it does"]
    assert {line[6] for line in lines[1:]} == {"GTC", "IOC", "FOK", "GTT", "DAY"}
    assert all(line[-1] for line in lines[1:])


def test_help_explains_every_column(template: Workbook) -> None:
    explained = [row[0].value for row in template["Help"].iter_rows()]

    assert explained[-len(FIELDS) :] == FIELDS


def test_template_is_a_workbook_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"ends in \.xlsx, found"):
        report.write_template(tmp_path / "orders.csv")
