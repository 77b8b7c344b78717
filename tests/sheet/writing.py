"""Order sheets for tests, from several writers, and workbooks put together by hand."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from batch.errors import SheetError
from batch.model import Problem, Sheet, Validation
from batch.schema import validate
from batch.sheet import read

HEADER = ("Client Order ID", "Symbol", "Side", "Size", "Price", "TIF", "Note")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"

Cells = Sequence[object]


def cells(
    *,
    client_order_id: object = "A-1",
    symbol: object = "EUR/USD",
    side: object = "Buy",
    size: object = 1000000,
    price: object = 1.0925,
    tif: object = "IOC",
    note: object = "",
) -> tuple[object, ...]:
    """One good order, in the order of `HEADER`, with what a test changes."""
    return (client_order_id, symbol, side, size, price, tif, note)


def line(**changes: object) -> str:
    """The same as a line of CSV, without its end."""
    return ",".join(str(cell) for cell in cells(**changes))


def csv_text(*lines: str) -> str:
    """A whole CSV file: the header, the lines, each with an end."""
    return "".join(f"{text}\n" for text in (",".join(HEADER), *lines))


def write_text(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return path


def write_csv(
    path: Path, rows: Iterable[Cells], *, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
        writer.writerows(rows)
    return path


def write_openpyxl(path: Path, rows: Iterable[Cells], *, title: str = "Orders") -> Path:
    workbook = openpyxl.Workbook()
    worksheet = workbook.active
    assert worksheet is not None
    worksheet.title = title
    for row in rows:
        worksheet.append(list(row))
    workbook.save(path)
    return path


def write_xlsxwriter(path: Path, rows: Iterable[Cells], *, title: str = "Orders") -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as workbook:
        worksheet = workbook.add_worksheet(title)
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                if isinstance(cell, str):
                    worksheet.write_string(number, position, cell)
                else:
                    worksheet.write(number, position, cell)
    return path


def write_parts(
    path: Path,
    sheet_data: str,
    *,
    after: str = "",
    prolog: str = "",
    styles: str = "",
    strings: str = "",
    sheets: str = '<sheet name="Orders" sheetId="1" r:id="rId1"/>',
    extra: Iterable[tuple[str, str]] = (),
    leave_out: Iterable[str] = (),
) -> Path:
    """Put a workbook together by hand, as no library would write it."""
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{RELATED}">'
        f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATED}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="/xl/styles.xml"/>'
        f'<Relationship Id="rId3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'{prolog}<worksheet xmlns="{MAIN}">'
        f"<sheetData>{sheet_data}</sheetData>{after}</worksheet>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}<cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="10"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        **dict(extra),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            if name not in leave_out:
                archive.writestr(name, text)
    return path


def text_cell(text: str, reference: str = "") -> str:
    """A cell with its text inside, in XML."""
    place = f' r="{reference}"' if reference else ""
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'


def header_xml(number: int = 1) -> str:
    """The row with `HEADER`, in XML."""
    return f'<row r="{number}">{"".join(map(text_cell, HEADER))}</row>'


def order_xml(number: int, *, price: str = '<c t="n"><v>1.0925</v></c>', note: str = "") -> str:
    """A row with a good order, in XML."""
    texts = "".join(map(text_cell, (f"A-{number}", "EUR/USD", "Buy")))
    return (
        f'<row r="{number}">{texts}<c t="n"><v>1000000</v></c>{price}{text_cell("IOC")}{note}</row>'
    )


def refusal(path: Path, **options: object) -> SheetError:
    """Read a sheet that is refused as a whole."""
    with pytest.raises(SheetError) as caught:
        read(path, **options)  # type: ignore[arg-type]
    return caught.value


def check(path: Path) -> Validation:
    return validate(read(path))


def only_problem(found: Sheet | Validation) -> Problem:
    (problem,) = found.problems
    return problem


def found_in(found: Validation) -> list[tuple[int | None, str | None, str]]:
    """Row, field and code of each problem."""
    return [(problem.row, problem.field, problem.code) for problem in found.problems]
