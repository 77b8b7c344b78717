"""A path → its bytes, and what they are by content, whatever the name says. First step of `sheet`.

Everything is read once, into memory and inside a limit, so that a file which somebody saves in
the meantime is noticed and never half old, half new.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from batch.errors import SheetError
from batch.sheet.archive import require_workbook
from batch.sheet.bounds import Limits

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGIC = b"PK\x03\x04"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_HEAD = 1024
_SAVE_AS = "save it as .xlsx or .csv and use that"
_OPEN_AND_SAVE = f"open it in a spreadsheet program, {_SAVE_AS}"
_DOWNLOAD = "download the sheet itself as .xlsx or .csv and use that"


@dataclass(frozen=True, slots=True)
class _Impostor:
    """A kind of file that people take for a sheet.

    Attributes:
        start: how the text begins, without regard to case, marks and blanks before it.
    """

    start: re.Pattern[str]
    code: str
    words: str
    action: str


def _impostor(start: str, code: str, words: str, action: str) -> _Impostor:
    return _Impostor(re.compile(start, re.IGNORECASE | re.DOTALL), code, words, action)


_A_POINTER = "a pointer to a file in a cloud drive, not the sheet itself"
_IMPOSTORS = (
    _impostor(r"<\?xml[^<]*<(?:!doctype )?plist", "cloud-pointer", _A_POINTER, _DOWNLOAD),
    _impostor(
        r"<!doctype|<html|<\?xml|<table|<head|<meta",
        "markup",
        "a web page or XML document, not a sheet",
        _OPEN_AND_SAVE,
    ),
    _impostor(
        r"mime-version:|content-type: *multipart|from: *<saved by|message-id:",
        "web-archive",
        "a web page with its parts (MHTML), not a sheet",
        _OPEN_AND_SAVE,
    ),
    # Not every file with a column ID: the next line is one of this format's records, too.
    _impostor(
        r"(?-i:ID;P[^\r\n]*[\r\n]+(?:[BCEFOPW]|NN|NU|NE)(?:;[A-Z]|[\r\n]))",
        "sylk",
        "a SYLK file, not a sheet",
        _OPEN_AND_SAVE,
    ),
    _impostor(r"table\r?\n0,1\r?\n", "dif", "a DIF file, not a sheet", _OPEN_AND_SAVE),
    _impostor(
        r"\[internetshortcut\]|\[desktop entry\]|\{[^{}]*\"(?:url|doc_id|resource_id|link)\" *:"
        r"|bplist00|l\x00{3}\x01\x14\x02\x00|version https?://git-lfs",
        "cloud-pointer",
        _A_POINTER,
        _DOWNLOAD,
    ),
    _impostor(r"[\[{]\s*[\"{]", "not-a-sheet", "a JSON document, not a sheet", _SAVE_AS),
)
_OTHER = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"{\\rtf": "a rich-text document",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"\x00\x05\x16\x07": "what macOS keeps beside a file; the sheet has the name without ._",
}
# Workbooks of the eighties and nineties, before they were put into OLE containers.
_OLD_WORKBOOKS = (
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
)


class Kind(Enum):
    """What a file is by its content."""

    DELIMITED = auto()
    WORKBOOK = auto()


def load(path: Path, limits: Limits) -> bytes:
    """Read a whole file, once.

    Raises:
        SheetError: there is no such file, it cannot be read, is empty, too large, not a plain
            file, or was changed while it was read.
    """
    name = path.name
    if name.startswith(("~$", ".~lock.")):
        raise SheetError(
            f"{path}: this is the lock file of a sheet that is open in a spreadsheet program; "
            f"use the sheet itself ({_locked_name(name)})",
            code="lock-file",
        )
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SheetError(f"{path}: expected a sheet, found a folder", code="folder")
        if not stat.S_ISREG(status.st_mode):
            raise SheetError(
                f"{path}: expected a plain file, found a pipe or device", code="not-a-file"
            )
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            _require_size(path, before.st_size, limits)
            content = file.read(limits.packed_bytes + 1)
            after = os.fstat(file.fileno())
        now = path.stat()
    except FileNotFoundError:
        raise SheetError(f"{path}: there is no such file", code="not-found") from None
    except PermissionError:
        raise SheetError(
            f"{path}: no permission to read it; if it is open in another program, close it there",
            code="no-permission",
        ) from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise SheetError(
                f"{path}: no file can have so long a name (a part of it may have 255 bytes, the "
                "whole path 4,096); give the sheet a shorter one",
                code="name-too-long",
            ) from None
        reason = getattr(error, "strerror", None) or error
        raise SheetError(f"{path}: cannot be read ({reason})", code="unreadable") from None
    if len(content) != before.st_size or not _stamp(before) == _stamp(after) == _stamp(now):
        raise SheetError(
            f"{path}: it was changed while it was read; save it, close it and start again",
            code="changed",
        )
    return content


def kind_of(path: Path, content: bytes, limits: Limits) -> Kind:
    """Tell a workbook from delimited text, by content alone.

    Raises:
        SheetError: it is neither (the message says how to get one), or a workbook that is
            damaged, locked with a password or larger than the limits once unpacked.
    """
    if content.startswith(_OLE_MAGIC):
        if _ENCRYPTED_STREAM in content:
            raise SheetError(
                f"{path}: the workbook is protected with a password; "
                "open it, remove the password, save it and use that",
                code="password-protected",
            )
        raise _old_workbook(path)
    if content.startswith(_ZIP_MAGIC):
        require_workbook(path, content, limits)
        return Kind.WORKBOOK
    if content.startswith(_OLD_WORKBOOKS):
        raise _old_workbook(path)
    for magic, words in _OTHER.items():
        if content.startswith(magic):
            raise SheetError(
                f"{path}: expected a .csv or .xlsx sheet, found {words}", code="not-a-sheet"
            )
    head = _head(content)
    for impostor in _IMPOSTORS:
        if impostor.start.match(head):
            raise SheetError(
                f"{path}: this is {impostor.words}; {impostor.action}", code=impostor.code
            )
    return Kind.DELIMITED


def _old_workbook(path: Path) -> SheetError:
    return SheetError(
        f"{path}: this is a workbook of the old .xls kind; {_SAVE_AS}", code="old-workbook"
    )


def _head(content: bytes) -> str:
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1"
    head = content[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    return head.decode(encoding, "replace").lstrip(" \t\r\n")


def _locked_name(name: str) -> str:
    return name.removeprefix("~$").removeprefix(".~lock.").removesuffix("#")


def _require_size(path: Path, size: int, limits: Limits) -> None:
    if size == 0:
        raise SheetError(f"{path}: the file is empty (zero bytes)", code="empty-file")
    if size > limits.packed_bytes:
        raise SheetError(
            f"{path}: expected at most {limits.packed_bytes:,} bytes, found {size:,}; "
            "split the sheet, or remove what is not orders",
            code="file-too-large",
        )


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
