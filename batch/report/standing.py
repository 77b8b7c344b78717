"""What stands at a target already: ours, ours but changed, or not ours. Part of `report`, layer 2.

A file of ours says itself what it is: a workbook in its properties, which name who saved it last,
JSON in its `batch` object, a page in its description; a CSV by its lines, which are those of the
batch.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from html import unescape
from pathlib import Path
from typing import Any

from batch.model import shown
from batch.report.columns import RESULTS
from batch.report.text import visible

SAVED_BY = "orderbatch"
"""Who saved a workbook last, in its properties, until somebody else does."""

_CORE, _APP = "docProps/core.xml", "docProps/app.xml"
# What the two libraries say of themselves; LibreOffice leaves everything else as it was.
_WRITTEN_BY = re.compile(r"<AppVersion>12\.0000</AppVersion>|Openpyxl")
# Properties of ours take a kilobyte, and the first line of JSON little more than a path.
_LARGEST_CORE, _LONGEST_LINE = 200_000, 1_000_000
_PROPERTY = r"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]*)</"
_RESULTS_TITLE = "Results of batch "


class StandingKind(Enum):
    """Whether a file may be replaced."""

    OURS = "ours"
    CHANGED = "changed"
    STRANGE = "strange"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at a target.

    Attributes:
        words: what it is, as the end of a sentence that starts with its name.
    """

    kind: StandingKind
    words: str = ""


OURS = Standing(StandingKind.OURS)
_NOT_OURS = Standing(
    StandingKind.STRANGE, "is there already and was not made by orderbatch for this"
)
_CHANGED = Standing(
    StandingKind.CHANGED, "was saved by somebody else since orderbatch made it, and is left alone"
)


def stranger(_: Path) -> Standing:
    """Judge a file of which nothing is known."""
    return _NOT_OURS


def results_mark(batch_id: str) -> str:
    """Give the property that marks a workbook of results."""
    return f"orderbatch: results of batch {batch_id}"


def corrections_mark(batch_id: str) -> str:
    """Give the property that marks a workbook of rows to mend."""
    return f"orderbatch: corrections of batch {batch_id}"


def annotated_mark(batch_id: str) -> str:
    """Give the property that marks a copy of a person's workbook with results in it."""
    return f"orderbatch: annotated results of batch {batch_id}"


def day_mark(day: date) -> str:
    """Give what marks the report of a trading day."""
    return f"orderbatch: report of trading day {day}"


def problems_mark(sheet: str) -> str:
    """Give the property that marks a copy of a sheet with its problems.

    Args:
        sheet: the name of the sheet's file.
    """
    return visible(f"orderbatch: problems of {sheet}")


def judge_results(
    batch_id: str, lines: Callable[[], Iterable[Sequence[str]]] | None
) -> Callable[[Path], Standing]:
    """Give what judges a file where the results of a batch are to go.

    Args:
        batch_id: empty where it is not known yet, so that no file can be of it.
        lines: the header and the lines of the batch as CSV, of which those that are in the file
            must be; None where the journal does not know the batch yet.
    """

    def judge(path: Path) -> Standing:
        match path.suffix.lower():
            case ".csv":
                return _judge_results_csv(path, lines)
            case ".json":
                return _named(_batch_in_json(path), batch_id)
            case ".html":
                return _judge_page(path, results_mark(batch_id))
            case _:
                return _judge_workbook(path, results_mark(batch_id), _RESULTS_TITLE + batch_id)

    return judge


def judge_marked(mark: str) -> Callable[[Path], Standing]:
    """Give what judges a file where a workbook with this mark is to go."""
    return lambda path: _judge_workbook(path, mark, None)


def judge_day(day: date) -> Callable[[Path], Standing]:
    """Give what judges a file where the report of a trading day is to go."""

    def judge(path: Path) -> Standing:
        match path.suffix.lower():
            case ".json":
                found = _read_json(path)
                is_ours = isinstance(found, dict) and found.keys() >= {"day", "batches", "venue"}
                facts = found["day"] if is_ours else None
                is_same = isinstance(facts, dict) and facts.get("date") == str(day)
                return OURS if is_same else _NOT_OURS
            case ".html":
                return _judge_page(path, day_mark(day))
            case _:
                return _judge_workbook(path, day_mark(day), None)

    return judge


def judge_corrections_csv(lines: Iterable[Sequence[str]]) -> Callable[[Path], Standing]:
    """Give what judges a file where rows to mend are to go: all that is in it must be in these."""

    def judge(path: Path) -> Standing:
        known = {tuple(line) for line in lines}
        found = _read_csv(path)
        return OURS if found and all(tuple(line) in known for line in found) else _NOT_OURS

    return judge


def _judge_workbook(path: Path, mark: str, title: str | None) -> Standing:
    """Judge by the properties.

    Args:
        title: of a workbook from before there were marks.
    """
    core = _part(path, _CORE)
    category, saved_by = _property(core, "category"), _property(core, "lastModifiedBy")
    if not category and title is not None and _property(core, "title") == title:
        return OURS if not saved_by else _CHANGED
    if category == mark:
        untouched = saved_by == SAVED_BY and _WRITTEN_BY.search(_part(path, _APP)) is not None
        return OURS if untouched else _CHANGED
    if category.startswith("orderbatch: "):
        return _of_another(category.removeprefix("orderbatch: "))
    return _NOT_OURS


def _part(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as package, package.open(name) as part:
            return part.read(_LARGEST_CORE).decode("utf-8", "replace")
    except PermissionError:
        raise
    # A file of anybody's making.
    except Exception:
        return ""


def _property(core: str, name: str) -> str:
    found = re.search(_PROPERTY.format(name=name), core)
    return unescape(found[1]) if found else ""


def _batch_in_json(path: Path) -> str:
    with path.open("rb") as content:
        line = content.readline(_LONGEST_LINE)
    try:
        # The batch stands whole in the first line, and its orders begin in the second.
        batch = json.loads(line.rstrip().rstrip(b",") + b"}")["batch"]
        return str(batch["id"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def _judge_page(path: Path, mark: str) -> Standing:
    with path.open("rb") as content:
        start = content.read(_LARGEST_CORE).decode("utf-8", "replace")
    found = re.search(r'<meta name="description" content="([^"<>]*)">', start)
    description = unescape(found[1]) if found else ""
    if description == mark:
        return OURS
    if description.startswith("orderbatch: "):
        return _of_another(description.removeprefix("orderbatch: "))
    return _NOT_OURS


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except PermissionError:
        raise
    except (OSError, ValueError, RecursionError):
        return None


def _named(found: str, batch_id: str) -> Standing:
    if found and found == batch_id:
        return OURS
    return _of_another(f"results of batch {found}") if found else _NOT_OURS


def _of_another(what: str) -> Standing:
    return Standing(StandingKind.STRANGE, f"holds the {shown(what, 100)}")


def _judge_results_csv(path: Path, lines: Callable[[], Iterable[Sequence[str]]] | None) -> Standing:
    found = _read_csv(path)
    if lines is None or not found:
        return _NOT_OURS
    return OURS if _agree(found, [tuple(line) for line in lines()]) else _NOT_OURS


def _agree(found: Sequence[Sequence[str]], ours: Sequence[Sequence[str]]) -> bool:
    """Tell whether lines of results are an earlier state of ours.

    The sheet's own cells stand in both alike, and the server's ID, once known, stays.
    """
    if len(found) != len(ours) or list(found[0]) != list(ours[0]):
        return False
    server_id = len(found[0]) - len(RESULTS) + RESULTS.index("server_order_id")
    own = range(server_id - 1)
    return all(
        len(old) == len(new)
        and all(old[place] == new[place] for place in own)
        and old[server_id] in ("", new[server_id])
        for old, new in zip(found, ours, strict=True)
    )


def _read_csv(path: Path) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except PermissionError:
        raise
    except (OSError, ValueError, csv.Error):
        return []
