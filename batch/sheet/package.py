"""The parts of a workbook's archive, as a stream of XML events. Used by `sheet` only.

A workbook from elsewhere may be hostile. The parser knows no document types (no sheet has one), so
that no entity is ever declared; nothing is built as a tree; and a single tag or attribute may
only be so long.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.parsers import expat

from batch.errors import SheetError
from batch.sheet.source import damaged

Attributes = Mapping[str, str]

_CHUNK = 1 << 18
_LONGEST_TOKEN = 1 << 21

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships Relationship"


class Package:
    """The archive of one workbook, open for reading."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        # Part names are the same without regard to case.
        self._names = {name.casefold(): name for name in self._archive.namelist()}

    def close(self) -> None:
        """Let go of the archive."""
        self._archive.close()

    def relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Give ID → (last word of the type, part name) of what a part refers to."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: Attributes) -> None:
            if tag == _RELATIONSHIPS and attributes.get("TargetMode") != "External":
                target = posixpath.join("/" + folder, attributes.get("Target", ""))
                found[attributes.get("Id", "")] = (
                    attributes.get("Type", "").rpartition("/")[2],
                    posixpath.normpath(target).lstrip("/"),
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
    ) -> Iterator[None]:
        """Send a part's events to the handlers, a chunk with each step of the iterator.

        Names come with their namespace in front, and a space between.

        Raises:
            SheetError: the part is missing, damaged, or no XML that a workbook may hold.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = start
        if end is not None:
            parser.EndElementHandler = end
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        try:
            with self._archive.open(self._names[part.casefold()]) as stream:
                fed = 0
                while chunk := stream.read(_CHUNK):
                    parser.Parse(chunk, False)
                    fed += len(chunk)
                    # An endless tag is read again from its start with every chunk.
                    if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                        raise damaged(self.path, f"{part} has a tag without an end")
                    yield
                parser.Parse(b"", True)
                yield
        except KeyError:
            raise damaged(self.path, f"{part} is missing") from None
        except expat.ExpatError as error:
            raise damaged(self.path, f"{part}: {error}") from None
        except RuntimeError:  # zipfile's word for a part that is locked with a password
            raise SheetError(
                f"{self.path}: the archive is protected with a password; save the workbook "
                "without one and use that",
                code="password-protected",
            ) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise damaged(self.path, f"{part}: {error}") from None

    def _refuse_document_type(self, *_: object) -> None:
        raise SheetError(
            f"{self.path}: the workbook declares XML entities, which no spreadsheet program does; "
            "it is not opened",
            code="xml-entities",
        )
