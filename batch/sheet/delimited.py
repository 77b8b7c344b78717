"""The bytes of a CSV file → raw rows that know their line number. Used by `sheet` only."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from batch.errors import SheetError
from batch.model import Problem
from batch.sheet.bounds import Limits, require
from batch.sheet.headers import TITLE_ROWS, fields_of
from batch.sheet.raw import Flaw, RawRow

_DELIMITERS = ",;\t|"
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?(\r\n|\r|\n)', re.IGNORECASE)


def decode(path: Path, content: bytes) -> tuple[str, bool]:
    """Turn the bytes into text: by byte-order mark, else UTF-8, else Windows' cp1252.

    Returns:
        The text, and whether its encoding is a guess: then only ASCII is certain, because the
        bytes above mean other letters in China, Russia, or on a Mac.

    Raises:
        SheetError: some byte means nothing in that encoding; its offset is named.
    """
    text, guessed = _decode(path, content)
    # Some programs write a second byte-order mark beside the one that decoding takes away.
    text = text.lstrip("\ufeff")
    # Old programs end a text file with Ctrl-Z, which is no part of it.
    whole = text.rstrip("\r\n\x1a")
    return whole + text[len(whole) :].partition("\x1a")[0], guessed


def _decode(path: Path, content: bytes) -> tuple[str, bool]:
    for mark in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        if content.startswith(mark):
            raise SheetError(
                f"{path}: expected text in UTF-8 or UTF-16, found UTF-32; save the sheet as CSV "
                "UTF-8",
                code="undecodable",
            )
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding), False
            except UnicodeDecodeError as error:
                raise _undecodable(path, encoding, len(mark) + error.start) from None
    if 0 in content[:2]:
        raise _undecodable(path, "utf-8", content.index(0))
    try:
        return content.decode("utf-8"), False
    except UnicodeDecodeError as not_utf8:
        try:
            return content.decode("cp1252"), True
        except UnicodeDecodeError as error:
            # The byte that cp1252 lacks is the one to show: the other may well be meant.
            offset = error.start
            raise _undecodable(path, "utf-8 or cp1252", offset) from not_utf8


def _undecodable(path: Path, encoding: str, offset: int) -> SheetError:
    return SheetError(
        f"{path}: byte {offset:,} (counted from 0) is no {encoding} text; "
        "save the sheet as CSV UTF-8",
        code="undecodable",
    )


class DelimitedText:
    """The text of a CSV file with its delimiter found.

    Args:
        known: normalised header → field; the delimiter is the one that makes a header of a line.
        guessed: nothing says what the characters beyond ASCII mean.
    """

    def __init__(
        self,
        path: Path,
        text: str,
        known: Mapping[str, str],
        limits: Limits,
        *,
        guessed: bool = False,
    ) -> None:
        self._path = path
        self._limits = limits
        breaks = text.count("\n") + text.count("\r") - text.count("\r\n")
        require(path, limits, "lines", breaks)
        self._guessed = guessed
        named = _SEPARATOR_LINE.match(text)
        self._delimiter = named[1] if named else self._guess_delimiter(text, known)
        self._text = text[named.end() :] if named else text
        self._lines_before = 1 if named else 0

    def rows(self) -> Iterator[RawRow]:
        """Give the records, blank ones left out, with the number of the line each starts on.

        Raises:
            SheetError: a quote is stray or never closed.
        """
        consumed: list[str] = []

        mark = re.escape(self._delimiter)
        bare = rf'[^"{mark}\r\n]*+'
        # A formula around a text, ="00123", is how other programs guard an ID.
        field = rf'(?:"(?:[^"]|"")*+"|={bare}"{bare}"{bare}|{bare})'
        well_quoted = re.compile(rf"{field}(?:{mark}{field})*+[\r\n]*+")
        reader = csv.reader(
            self._lines(self._text, consumed), delimiter=self._delimiter, strict=True
        )
        number = self._lines_before + 1
        while True:
            try:
                texts = next(reader, None)
            except csv.Error as error:
                raise self._stray_quote(number, str(error)) from None
            if texts is None:
                return
            raw = consumed[0] if len(consumed) == 1 else "".join(consumed)
            # The csv module takes a quote inside an unquoted field as it is, even when strict.
            if '"' in raw and not well_quoted.fullmatch(raw):
                raise self._stray_quote(number, "a quote inside a field without quotes around it")
            if any(texts):
                if len(texts) > self._limits.columns:
                    # Delimiters down to a spreadsheet's last column are formatting, not fields.
                    while texts and not texts[-1].strip():
                        texts.pop()
                    require(f"{self._path}, line {number}", self._limits, "columns", len(texts))
                yield RawRow(
                    number,
                    texts,
                    flaws=_uncertain(texts) if self._guessed and not raw.isascii() else None,
                    lines=len(consumed),
                    unfinished=not raw.endswith(("\n", "\r")),
                )
            number += len(consumed)
            consumed.clear()

    def _lines(self, text: str, consumed: list[str]) -> Iterator[str]:
        """Give the lines, each put into `consumed`, which is emptied with each record."""
        for match in _LINE.finditer(text):
            line = match[0]
            require(self._path, self._limits, "line_text", len(line))
            consumed.append(line)
            if len(consumed) > self._limits.record_lines:
                raise csv.Error(f"a field of more than {self._limits.record_lines:,} lines")
            yield line

    def _guess_delimiter(self, text: str, known: Mapping[str, str]) -> str:
        def fields_found(delimiter: str) -> int:
            best = 0
            consumed: list[str] = []
            reader = csv.reader(self._lines(text, consumed), delimiter=delimiter)
            try:
                for texts in islice(reader, TITLE_ROWS + 1):
                    consumed.clear()
                    if len(texts) <= 10 * self._limits.columns:
                        best = max(best, len(fields_of(RawRow(0, texts), known)))
            except (csv.Error, SheetError):
                pass  # a quote that went astray further down; the reading itself says where
            return best

        return max(_DELIMITERS, key=fields_found)

    def check_line(self, raw: RawRow, fewest: int, most: int) -> Problem | None:
        """Judge a record by how many fields a row has at the fewest and at the most.

        Returns:
            A problem where the record is too short; None where it fits.

        Raises:
            SheetError: it has more fields than the header, is cut off at the end of the file, or
                quotes have swallowed what looks like other rows.
        """
        where = f"{self._path}, line {raw.number}"
        count = len(raw.texts)
        if count > most:
            raise SheetError(
                f"{where}: expected {most} fields, as in the header, found {count}; remove the "
                "extra field or delimiter, or put quotes around text that contains the delimiter",
                code="extra-field",
            )
        if raw.lines > 1:
            for text in raw.texts:
                if "\n" in text and text.count(self._delimiter) >= fewest - 1:
                    raise self._stray_quote(raw.number, "the quoted field goes over other rows")
        if count >= fewest:
            return None
        if raw.unfinished:
            raise SheetError(
                f"{where}: the file ends in the middle of this line: expected {fewest} fields, "
                f"found {count} and no end of line; get the whole file",
                code="cut-off",
            )
        return Problem(
            code="short-line",
            row=raw.number,
            column=None,
            field=None,
            expected=f"{fewest} fields, as in the header",
            found=str(count),
            action="complete the line",
        )

    def _stray_quote(self, number: int, what: str) -> SheetError:
        return SheetError(
            f"{self._path}, line {number}: expected quotes to be closed, and doubled inside a "
            f"quoted field; found a stray or unclosed one ({what}); mend that line",
            code="stray-quote",
        )


def _uncertain(texts: list[str]) -> dict[int, Flaw]:
    return {i: Flaw.UNKNOWN_ENCODING for i, text in enumerate(texts) if not text.isascii()}
