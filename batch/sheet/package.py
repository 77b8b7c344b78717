"""The parts of a workbook's archive, as a stream of XML events. Used by `sheet` only.

A workbook from elsewhere may be hostile. The parser knows no document types (no sheet has one), so
that no entity is ever declared; nothing is built as a tree; and a single tag or attribute may
only be so long.
"""

from __future__ import annotations

import io
import posixpath
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from xml.parsers import expat

from batch.errors import SheetError
from batch.sheet.archive import part_key
from batch.sheet.bounds import Limits, damaged, require

Attributes = Mapping[str, str]

_CHUNK = 1 << 18
_LONGEST_TOKEN = 1 << 21
_DEEP = 100_000
_ENCODINGS = frozenset({"utf-8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1", "us-ascii"})

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"


# Formatting down to the last row makes millions of cells and rows that hold nothing. They are taken
# out of the text before it is parsed where that cannot change what the rest means: each names its
# place, and so does what follows.
# Each pattern starts with letters that are searched for at the speed of memory; a repeated group is
# tried at each byte instead.
def _run_of(one: bytes, before: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"%b(?:%b)*(?=%b)" % (one, one, before))


_END = rb'(?: [a-z]+="[A-Za-z0-9]*")*(?: ?/>|></c>)'
_BLANK_CELLS = _run_of(rb'<c r="[A-Z]{1,3}[0-9]{1,7}"' + _END, rb'<c r="|</row>')
_LAST_BLANK_CELLS = _run_of(rb"<c" + _END, rb"</row>")
_BLANK_ROWS = _run_of(
    rb'<row r="[0-9]{1,7}"[^<>]*(?:/>|></row>)', rb'<row r="[0-9]{1,7}"|</sheetData>'
)
_MAY_BE_BLANK = (b"/>", b'"></c>', b"<c></c>", b'"></row>')
# A row of nothing but plain cells, in the order in which programs write their attributes, and of
# letters that mean themselves in XML: a parser would tell nothing else of it.
_SAFE = rb"[ !#-%'-;=?-~]*"
_PLAIN_ROW = re.compile(
    rb'(<row r="[0-9]{1,7}"[^<>/&]*)>'
    rb'((?:<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]{1,9}")?(?: t="[a-zA-Z]{1,9}")?'
    rb"(?:/>|><v>%b</v></c>|><is><t>%b</t></is></c>))+)</row>" % (_SAFE, _SAFE)
)
_UTF_8 = re.compile(
    rb"""(?:\xef\xbb\xbf)?
    (?: <\?xml[^<>]*?encoding\ *=\ *["']utf-8["'] | <\?xml(?![^>]*encoding) | <[^?] )""",
    re.IGNORECASE | re.VERBOSE,
)
# An encoding that nobody knows is a LookupError, one of several bytes a ValueError.
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, LookupError, ValueError)


class PlainRows:
    """Takes rows of plain cells out of a worksheet's text before it is parsed.

    What is left of each is its tag, with a word that no file can know. An event for each cell
    would take three times as long as a search for all of them.

    Attributes:
        word: name of the attribute that says which row it was.
    """

    def __init__(self) -> None:
        self.word = f"w{secrets.token_hex(8)}"
        self._sign = f' {self.word}="'.encode()
        self._taken: dict[str, bytes] = {}
        self._count = 0

    def take_out(self, chunk: bytes) -> bytes:
        """Give the text without the cells of such rows."""
        return _PLAIN_ROW.sub(self._take, chunk)

    def cells(self, number: str) -> str:
        """Give the cells of a row, once."""
        return self._taken.pop(number).decode("ascii")

    def _take(self, row: re.Match[bytes]) -> bytes:
        self._count += 1
        self._taken[str(self._count)] = row[2]
        return b'%b%b%d"></row>' % (row[1], self._sign, self._count)


class Package:
    """The archive of one workbook, open for reading."""

    def __init__(self, path: Path, content: bytes, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._members = {part_key(member.filename): member for member in self._archive.infolist()}

    def close(self) -> None:
        """Let go of the archive."""
        self._archive.close()

    def relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Give ID → (last word of the type, part name) of what a part refers to."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: Attributes) -> None:
            if tag == _RELATIONSHIPS and attributes.get("TargetMode") != "External":
                require(self.path, self.limits, "relationships", len(found) + 1)
                target = attributes.get("Target", "").replace("\\", "/")
                identity = attributes.get("Id", "")
                if identity in found:
                    raise damaged(self.path, f"{part} has two relationships {identity[:20]}")
                found[identity] = (
                    attributes.get("Type", "").rpartition("/")[2],
                    posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/"),
                )

        for _ in self.parse(posixpath.join(folder, "_rels", f"{name}.rels"), start):
            pass
        return found

    def parse(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        *,
        plain_rows: PlainRows | None = None,
    ) -> Iterator[None]:
        """Send a part's events to the handlers, a chunk with each step of the iterator.

        Names come with their namespace in front, and a space between.

        Args:
            plain_rows: for a worksheet; takes out of it what need not be parsed. Most of the
                cells and rows that hold nothing are left out then.

        Raises:
            SheetError: the part is missing, damaged, too large, or no XML that a workbook may hold.
        """
        member = self._members.get(part_key(part))
        if member is None:
            raise damaged(self.path, f"{part} is missing")
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = start
        if end is not None:
            parser.EndElementHandler = end
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.XmlDeclHandler = partial(self._require_encoding, part)
        try:
            fed = tags = unclosed = 0
            for chunk, is_clear in self._chunks(member, plain_rows is not None):
                starts = chunk.count(b"<")
                tags += starts + chunk.count(b"/>")
                require(self.path, self.limits, "tags", tags)
                if unclosed <= _DEEP:
                    # Those that close themselves are counted, too: more than is truly open.
                    unclosed += starts - 2 * chunk.count(b"</")
                    if unclosed > _DEEP:
                        self._count_depth(parser, start, end)
                if plain_rows is not None and is_clear:
                    chunk = plain_rows.take_out(chunk)
                parser.Parse(chunk, False)
                fed += len(chunk)
                # An endless tag is read again from its start with every chunk.
                if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                    raise damaged(self.path, f"{part} has a tag without an end")
                yield
            parser.Parse(b"", True)
            yield
        except SheetError:
            raise
        except expat.ExpatError as error:
            raise damaged(self.path, f"{part}: {error}") from None
        except RuntimeError as error:
            if isinstance(error, (NotImplementedError, RecursionError)):
                raise damaged(self.path, f"{part}: {error}") from None
            # zipfile's word for a part that is locked with a password
            raise SheetError(
                f"{self.path}: the archive is protected with a password; save the workbook "
                "without one and use that",
                code="password-protected",
            ) from None
        except _DAMAGES as error:
            raise damaged(self.path, f"{part}: {error}") from None

    def _count_depth(
        self,
        parser: expat.XMLParserType,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None,
    ) -> None:
        """Watch the depth from here on: each open tag takes memory, and this takes time."""
        depth = 0

        def counted_start(tag: str, attributes: Attributes) -> None:
            nonlocal depth
            depth += 1
            require(self.path, self.limits, "depth", depth)
            start(tag, attributes)

        def counted_end(tag: str) -> None:
            nonlocal depth
            depth -= 1
            if end is not None:
                end(tag)

        parser.StartElementHandler = counted_start
        parser.EndElementHandler = counted_end

    def _chunks(
        self, member: zipfile.ZipInfo, without_blanks: bool
    ) -> Iterator[tuple[bytes, bool]]:
        """Give a part in pieces, each with whether rows are rows in it, wherever they stand."""
        with self._archive.open(member) as stream:
            before = b""
            while chunk := stream.read(_CHUNK):
                if without_blanks:
                    # What stands in comments or CDATA is no cell; another encoding no ASCII.
                    without_blanks = b"<!" not in before[-1:] + chunk and (
                        bool(before) or _UTF_8.match(chunk) is not None
                    )
                before = chunk
                if without_blanks and any(sign in chunk for sign in _MAY_BE_BLANK):
                    for blanks in (_BLANK_CELLS, _LAST_BLANK_CELLS, _BLANK_ROWS):
                        chunk = blanks.sub(b"", chunk)
                    if not chunk:
                        continue
                yield chunk, without_blanks

    def _require_encoding(self, part: str, _: str, encoding: str | None, __: int) -> None:
        # Any other is handed to Python's codecs, of which some are no encodings of text at all.
        if encoding is not None and encoding.casefold() not in _ENCODINGS:
            raise damaged(self.path, f"{part} is in the encoding {encoding[:40]}")

    def _refuse_document_type(self, *_: object) -> None:
        raise SheetError(
            f"{self.path}: the workbook declares XML entities, which no spreadsheet program does; "
            "it is not opened",
            code="xml-entities",
        )
