"""Where the files of a batch go, from what a person named. Part of `report`, layer 2."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from batch.report.target import NAME_BYTES, fitting

PLACEHOLDERS = ("{sheet}", "{batch}")
"""What stands for the name of the sheet, without its suffix, and for the batch's ID."""

_PLACEHOLDER = re.compile("|".join(re.escape(word) for word in PLACEHOLDERS))


def default_name(sheet: Path, batch_id: str) -> str:
    """Give the name of the results that nobody named."""
    return fitting(sheet.stem, f"-results-{batch_id}.xlsx")


def target_paths(reports: Sequence[Path], sheet: Path, batch_id: str) -> list[Path]:
    """Give the files to write for one batch.

    Args:
        reports: what the operator named: files, folders, or names with `{sheet}` or `{batch}`;
            empty for the default name beside the sheet, or in the working folder where the
            sheet's is not on this machine.
    """
    default = default_name(sheet, batch_id)
    if not reports:
        beside = Path(os.path.abspath(sheet)).parent
        return [(beside if beside.is_dir() else Path.cwd()) / default]
    return [
        report / default if os.path.isdir(report) else _filled_in(report, sheet, batch_id)
        for report in reports
    ]


def has_placeholder(path: Path) -> bool:
    """Tell whether a name is another for each sheet or batch."""
    return _PLACEHOLDER.search(str(path)) is not None


def _filled_in(report: Path, sheet: Path, batch_id: str) -> Path:
    values = {"{sheet}": _harmless(sheet.stem), "{batch}": batch_id}
    return Path(*(_filled_part(part, values) for part in report.parts))


def _harmless(stem: str) -> str:
    """Give a sheet's name that stays a name as a part of a path: `..` leads a folder up."""
    return stem if stem.strip(". ") else "_" * max(len(stem), 1)


def _filled_part(part: str, values: Mapping[str, str]) -> str:
    """Fill in one part of a path, the sheet's name shortened so that a file system takes it."""
    filled = _fill(part, values)
    if len(os.fsencode(filled)) <= NAME_BYTES or filled == part:
        return filled
    around = len(os.fsencode(_fill(part, {**values, "{sheet}": ""})))
    room = max(NAME_BYTES - around, 0) // max(part.count("{sheet}"), 1)
    # What `fitting` leaves of a name beside an ending that takes the rest.
    short = fitting(values["{sheet}"], "x" * (NAME_BYTES - room))[: -(NAME_BYTES - room) or None]
    return _fill(part, {**values, "{sheet}": short})


def _fill(part: str, values: Mapping[str, str]) -> str:
    # At once: a sheet may be named like a placeholder.
    return _PLACEHOLDER.sub(lambda found: values[found[0]], part)
