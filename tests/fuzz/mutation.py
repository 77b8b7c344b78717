"""Mutations that know what a workbook, a CSV file and a settings file are made of."""

from __future__ import annotations

import codecs
import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence

Parts = list[tuple[str, bytes]]

_TOKEN = re.compile(rb"<[^<>]*>|[^<>]+|[<>]")
_ATTRIBUTE = re.compile(rb'([A-Za-z:]+)="([^"]*)"')

VALUES: Sequence[bytes] = (
    b"",
    b"0",
    b"1",
    b"-1",
    b"2",
    b"3",
    b"9",
    b"1.5",
    b"1e5",
    b"1E999",
    b"-0",
    b"NaN",
    b"Infinity",
    b"true",
    b"false",
    b"99999999999999999999",
    b"9" * 5_000,
    b"A1",
    b"A0",
    b"B2:A1",
    b"A:A",
    b"1:1",
    b"XFD1048576",
    b"AAAA1",
    b"Orders",
    b"General",
    b"yyyy",
    b"0%",
    b";;;",
    b"[",
    b"[h]:mm",
    b"&quot;" * 50,
    b"&#0;",
    b"&#x110000;",
    b"&lt;",
    b"&undefined;",
    b"_x0000_",
    b"_xD800_",
    b"_xDC00__xD800_",
    "\u0663\uff11\u0415".encode(),
    "\u200b".encode(),
    "\U0001f600".encode(),
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"x" * 40_000,
    b"EUR/USD",
    b"Buy",
    b"rId1",
    b"rId2",
    b"../../../etc/passwd",
    b"/xl/workbook.xml",
    b"worksheets/sheet1.xml",
    b"inlineStr",
    b"s",
    b"str",
    b"b",
    b"e",
    b"d",
    b"n",
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet",
    b"hidden",
    b"veryHidden",
    b"External",
)

TAGS: Sequence[bytes] = (
    b"<c/>",
    b"<c>",
    b"</c>",
    b"<v>",
    b"</v>",
    b"<v>1</v>",
    b"<f>1</f>",
    b'<f t="array" ref="A1:B9">1</f>',
    b'<f t="shared" si="0"/>',
    b"<is><t>x</t></is>",
    b"<t>",
    b"</t>",
    b"<rPh>",
    b"</rPh>",
    b"<rPh sb='0' eb='1'><t>x</t></rPh>",
    b"<strike/>",
    b'<strike val="0"/>',
    b"<row>",
    b"</row>",
    b'<row r="3" hidden="1">',
    b'<row ht="0"/>',
    b"<sheetData>",
    b"</sheetData>",
    b'<mergeCell ref="A1:B2"/>',
    b'<col min="1" max="3" hidden="1"/>',
    b'<sheetFormatPr defaultRowHeight="0" defaultColWidth="0"/>',
    b'<calcPr fullCalcOnLoad="1"/>',
    b'<workbookPr date1904="1"/>',
    b'<xf numFmtId="14"/>',
    b'<numFmt numFmtId="170" formatCode="yyyy"/>',
    b"<cellXfs>",
    b"</cellXfs>",
    b"<si/>",
    b"<si><t>x</t></si>",
    b'<sheet name="B" sheetId="2" r:id="rId1"/>',
    b"<![CDATA[<c r='A1'/>]]>",
    b"<![CDATA[",
    b"<!-- x -->",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"<?pi x?>",
    b"<x xmlns='y'/>",
    b"&#10;",
    b"\0",
    b"<" * 50,
)

_WHOLE_TAGS = [tag for tag in TAGS if tag.endswith((b"/>", b"</v>", b"</f>", b"</is>", b"</si>"))]
_TEXT = re.compile(rb">[^<>]*<")
_ELEMENTS = [
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rb"<c[ >].*?</c>",
        rb"<row[ >].*?</row>",
        rb"<si>.*?</si>",
        rb"<(v|t|f|is)>.*?</\1>",
        rb"<[A-Za-z:]+[^<>]*/>",
        rb"<(sheet|xf|numFmt|font|col|Relationship|mergeCell|calcPr|workbookPr)\b[^<>]*/>",
    )
]

_ENCODINGS = (
    b"UTF-8",
    b"utf-16",
    b"ISO-8859-1",
    b"us-ascii",
    b"klingon",
    b"utf-7",
    b"shift_jis",
    b"cp037",
    b"hex",
    b"rot13",
    b"idna",
    b"undefined",
    b"unicode_escape",
    b"",
)

_PIECES = (
    *('"', '""', '"a,b"', "=1+1", '="00123"', "'00123", "\n", "\r", "\0", "\x1a", "\u2028", ","),
    *(";", "\t", "|", "1.000", "1,5", "\ud7ff", "\x85", "é", "x" * 140_000, '"\n' * 2_000),
)

_TOML_VALUES = (
    *("1", "-1", "0", "1.5", "inf", "nan", "true", '""', '"x"', "[]", "{}", "[1, 2]", '["x"]'),
    *("{a = 1}", "1979-05-27", "07:32:00", "9" * 5_000, "0x" + "f" * 5_000, "1e400", "'''"),
    *("[" * 3_000, "{a=" * 3_000, '"\\u0000"', '"\\ud800"', '"/dev/zero"', '"a\\u0000b"'),
    *('"EUR/USD"', '"17:00 America/New_York"', '"99:99 Nowhere/../x"', '"1.5%"', '"1e9%"'),
)


def pack(parts: Parts, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Put parts into an archive, whatever their names are."""
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", compression) as archive:
        warnings.simplefilter("ignore")  # two parts of one name are what is wanted
        for name, data in parts:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = compression
            archive.writestr(info, data)
    return content.getvalue()


def unpack(content: bytes) -> Parts:
    """Give the parts of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


class Mutator:
    """Makes other files of good ones; the same seed, the same file."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def workbook(self, content: bytes) -> bytes:
        """Mutate the parts of a workbook, its archive, or the bytes of both."""
        pick = self._random
        parts = unpack(content)
        for _ in range(pick.choice((1, 1, 1, 2, 3, 5))):
            place = pick.randrange(len(parts))
            name, data = parts[place]
            kind = pick.random()
            if kind < 0.75:
                # Parts that are read matter more than themes and pictures.
                wanted = [i for i, (n, _) in enumerate(parts) if _matters(n)]
                place = pick.choice(wanted or [place])
                name, data = parts[place]
                parts[place] = (name, self.xml(data))
            elif kind < 0.82:
                parts[place] = (name, self.bytes_of(data))
            elif kind < 0.94:
                self._rearrange(parts, place)
            else:
                parts[place] = (name, self._encoded(data))
        method = pick.choices(
            (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2),
            (85, 10, 3, 2),
        )[0]
        packed = pack(parts, method)
        return self.bytes_of(packed) if pick.random() < 0.15 else packed

    def xml(self, data: bytes) -> bytes:
        """Mutate tags, attributes and texts."""
        pick = self._random
        if pick.random() < 0.5:
            return self._elements(data)
        tokens = _TOKEN.findall(data)
        for _ in range(pick.choice((1, 1, 2, 4))):
            if not tokens:
                return pick.choice(TAGS)
            place = pick.randrange(len(tokens))
            token = tokens[place]
            kind = pick.randrange(9)
            if kind == 0:
                del tokens[place]
            elif kind == 1:
                tokens.insert(place, token)
            elif kind == 2:
                other = pick.randrange(len(tokens))
                tokens[place], tokens[other] = tokens[other], token
            elif kind == 3:
                tokens.insert(place, pick.choice(TAGS))
            elif kind in (4, 5, 6) and _ATTRIBUTE.search(token):
                tokens[place] = self._attribute(token)
            elif kind == 7 and pick.random() < 0.2:
                until = min(len(tokens), place + pick.randrange(1, 30))
                tokens[place:until] = tokens[place:until] * pick.choice((2, 10, 300))
            elif not token.startswith(b"<"):
                tokens[place] = pick.choice(VALUES)
            else:
                tokens[place] = token.replace(b" ", pick.choice((b"", b"\n", b" x=", b" a:")), 1)
        return b"".join(tokens)

    def _elements(self, data: bytes) -> bytes:
        """Mutate whole elements, so that most of what comes out is well-formed."""
        pick = self._random
        for _ in range(pick.choice((1, 1, 2, 4))):
            found = list(pick.choice(_ELEMENTS).finditer(data))
            if not found:
                continue
            one, other = pick.choice(found), pick.choice(found)
            kind = pick.randrange(7)
            if kind == 0:
                replacement = b""
            elif kind == 1:
                replacement = one[0] * 2
            elif kind == 2:
                replacement = other[0]
            elif kind == 3:
                replacement = one[0] + pick.choice(_WHOLE_TAGS)
            elif kind == 4:
                replacement = _TEXT.sub(b">" + pick.choice(VALUES) + b"<", one[0], count=1)
            elif _ATTRIBUTE.search(one[0]):
                replacement = self._attribute(one[0])
            else:
                replacement = one[0]
            data = data[: one.start()] + replacement + data[one.end() :]
        return data

    def csv(self, content: bytes) -> bytes:
        """Mutate lines, fields, quotes, delimiters and encodings."""
        pick = self._random
        text = content.decode("utf-8")
        for _ in range(pick.choice((1, 1, 2, 4))):
            lines = text.splitlines(keepends=True) or [""]
            place = pick.randrange(len(lines))
            kind = pick.randrange(10)
            if kind == 0:
                lines[place] = self._field(lines[place])
            elif kind == 1:
                lines.insert(place, lines[pick.randrange(len(lines))])
            elif kind == 2:
                del lines[place]
            elif kind == 3:
                lines[place] = lines[place].replace(",", pick.choice(";\t|^,"))
            elif kind == 4:
                lines.insert(
                    0, pick.choice(("sep=;\n", "sep=,\r", '"sep=\t"\n', "\ufeff", "\n" * 30))
                )
            elif kind == 5:
                lines[place] = lines[place].replace(
                    "\n", pick.choice(("\r", "\r\n", "", "\x1a", "\0"))
                )
            elif kind == 6:
                lines[place] = lines[place] * pick.choice((2, 50, 3_000))
            elif kind == 7:
                at = pick.randrange(len(lines[place]) + 1)
                lines[place] = lines[place][:at] + self._piece() + lines[place][at:]
            elif kind == 8:
                lines[place] = lines[place].rstrip("\n") + "," * pick.choice((1, 5, 20_000)) + "\n"
            else:
                lines[place] = f'"{lines[place]}'
            text = "".join(lines)
        data = self._written(text)
        return self.bytes_of(data) if pick.random() < 0.15 else data

    def toml(self, content: bytes) -> bytes:
        """Mutate keys, values and tables of settings."""
        pick = self._random
        lines = content.decode("utf-8").splitlines(keepends=True)
        for _ in range(pick.choice((1, 1, 2, 4))):
            place = pick.randrange(len(lines))
            line = lines[place]
            key, equals, _ = line.partition("=")
            kind = pick.randrange(7)
            if kind == 0 and equals:
                lines[place] = f"{key}= {self._toml_value()}\n"
            elif kind == 1:
                lines.insert(place, lines[pick.randrange(len(lines))])
            elif kind == 2:
                del lines[place]
                lines = lines or ["\n"]
            elif kind == 3:
                lines[place] = line.replace(
                    key.strip() or "x", pick.choice(("", "x", "é", "a.b")), 1
                )
            elif kind == 4:
                lines[place] = f"{key.strip() or 'x'}.x = {self._toml_value()}\n"
            elif kind == 5:
                at = pick.randrange(len(line) + 1)
                lines[place] = line[:at] + self._piece() + line[at:]
            else:
                lines.insert(
                    place, pick.choice(("[venue]\n", "[[venue]]\n", "[a.b.c]\n", "[venue.x]\n"))
                )
        data = self._written("".join(lines))
        return self.bytes_of(data) if pick.random() < 0.2 else data

    def bytes_of(self, data: bytes) -> bytes:
        """Flip, cut, repeat and insert bytes."""
        pick = self._random
        changed = bytearray(data)
        for _ in range(pick.choice((1, 1, 2, 8))):
            if not changed:
                return b"\0"
            at = pick.randrange(len(changed))
            kind = pick.randrange(6)
            if kind == 0:
                changed[at] ^= 1 << pick.randrange(8)
            elif kind == 1:
                changed[at] = pick.randrange(256)
            elif kind == 2:
                del changed[at : at + pick.choice((1, 4, 100))]
            elif kind == 3:
                changed[at:at] = pick.randbytes(pick.choice((1, 4, 50)))
            elif kind == 4:
                del changed[at:]
            else:
                changed[at:at] = changed[at : at + 50]
        return bytes(changed)

    def _attribute(self, token: bytes) -> bytes:
        pick = self._random
        found = pick.choice(list(_ATTRIBUTE.finditer(token)))
        value = pick.choice(VALUES)
        kind = pick.randrange(6)
        if kind == 0:
            replacement = b""
        elif kind == 1:
            replacement = found[0] + b" " + found[0]
        elif kind == 2 and found[2].isdigit() and len(found[2]) < 100:
            replacement = (
                found[1] + b'="' + str(int(found[2]) + pick.choice((-1, 1, 50))).encode() + b'"'
            )
        else:
            replacement = found[1] + b'="' + value.replace(b'"', b"") + b'"'
        return token[: found.start()] + replacement + token[found.end() :]

    def _rearrange(self, parts: Parts, place: int) -> None:
        pick = self._random
        name, data = parts[place]
        kind = pick.randrange(7)
        if kind == 0 and len(parts) > 1:
            del parts[place]
        elif kind == 1:
            other = pick.randrange(len(parts))
            parts[place], parts[other] = (name, parts[other][1]), (parts[other][0], data)
        elif kind == 2:
            parts.append((pick.choice((name, name.upper(), name.replace("/", "\\"))), data))
        elif kind == 3:
            rename: Callable[[str], str] = pick.choice((str.upper, str.lower, str.title))
            parts[place] = (rename(name), data)
        elif kind == 4:
            parts[place] = (name.replace("/", pick.choice(("\\", "//", "/./", "/../"))), data)
        elif kind == 5:
            parts[place] = (name, b"")
        else:
            parts.insert(0, ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"))

    def _encoded(self, data: bytes) -> bytes:
        pick = self._random
        declared = b'<?xml version="1.0" encoding="' + pick.choice(_ENCODINGS) + b'"?>'
        body = re.sub(rb"^<\?xml[^>]*\?>", b"", data)
        if pick.random() < 0.3:
            text = body.decode("utf-8", "replace")
            return text.encode(
                pick.choice(("utf-16", "utf-16-be", "utf-32", "cp037", "latin-1")), "replace"
            )
        return declared + body

    def _field(self, line: str) -> str:
        fields = line.rstrip("\r\n").split(",")
        place = self._random.randrange(len(fields))
        fields[place] = self._piece()
        return ",".join(fields) + "\n"

    def _piece(self) -> str:
        pick = self._random
        if pick.random() < 0.5:
            return pick.choice(VALUES).decode("utf-8", "replace")
        return pick.choice(_PIECES)

    def _toml_value(self) -> str:
        return self._random.choice(_TOML_VALUES)

    def _written(self, text: str) -> bytes:
        pick = self._random
        encoding = pick.choices(
            ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32", "gbk", "utf-7"),
            (70, 8, 6, 3, 6, 2, 3, 2),
        )[0]
        data = text.encode(encoding, "replace")
        return codecs.BOM_UTF8 + data if pick.random() < 0.03 else data


def _matters(name: str) -> bool:
    return name.endswith((".rels", "workbook.xml", "styles.xml", "sharedStrings.xml")) or (
        "worksheets/" in name
    )
