"""What the directory of an archive says about it, before anything is unpacked. Used by `sheet`."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import unquote

from batch.errors import SheetError
from batch.sheet.bounds import Limits, damaged, require

_PACKED_AS_USUAL = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SAVE_AS = "save it as .xlsx or .csv and use that"


def part_key(name: str) -> str:
    """Give the one form of a part's name: they are the same without regard to case.

    Some writers separate folders with backslashes, or write a space as %20.
    """
    return unquote(name.replace("\\", "/")).lstrip("/").casefold()


def require_workbook(path: Path, content: bytes, limits: Limits) -> None:
    """Refuse what is no workbook, or one that is damaged or too large.

    Python's zipfile never gives more bytes than the directory promises, so the promised sizes
    bound the memory even where they lie.

    Raises:
        SheetError: the message says how to get a workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            mimetype = archive.read("mimetype")[:80] if _is_small(archive, "mimetype") else b""
    except Exception:  # whatever zipfile makes of bytes that somebody else wrote
        raise damaged(path, "its archive cannot be opened") from None
    if b"opendocument" in mimetype:
        raise SheetError(
            f"{path}: this is an OpenDocument file (.ods); {_SAVE_AS}", code="open-document"
        )
    require(path, limits, "parts", len(members))
    keys: set[str] = set()
    for member in members:
        key = part_key(member.filename)
        # Which of the two counts is another thing in each program.
        if key in keys and not key.endswith("/"):
            raise damaged(path, f'it has two parts of the name "{key[:80]}"')
        keys.add(key)
    if "xl/workbook.bin" in keys:
        raise SheetError(f"{path}: this is a binary workbook (.xlsb); {_SAVE_AS}", code="xlsb")
    if "[content_types].xml" not in keys or "_rels/.rels" not in keys:
        raise SheetError(
            f"{path}: expected a .csv or .xlsx sheet, found another kind of archive",
            code="not-a-sheet",
        )
    for member in members:
        if member.compress_type not in _PACKED_AS_USUAL:
            raise damaged(path, f"{member.filename[:80]} is packed as in no workbook")
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        raise SheetError(
            f"{path}: expected a workbook of at most {limits.unpacked_bytes:,} bytes when "
            f"unpacked, found {unpacked:,} in {len(members):,} parts; copy the orders into a "
            "fresh workbook",
            code="workbook-too-large",
        )


def _is_small(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        return archive.getinfo(name).file_size < 1000
    except KeyError:
        return False
