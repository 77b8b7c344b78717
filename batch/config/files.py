"""The settings' own files → text, however a person's editor wrote them. Used inside `config`."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from batch.config.exposure import exposed
from batch.errors import ConfigError, Hint

_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def read_text(
    path: Path, kind: str, largest: int, *, private: bool = False, advice: tuple[Hint, ...] = ()
) -> str:
    """Read a whole file as UTF-8, without the mark that some editors put in front.

    Args:
        kind: what it should be, as messages name it (`config file`).
        largest: in bytes; a longer one is not read.
        private: nobody but its owner may be able to read it, or to put another in its place.
        advice: what to check where the file cannot be read.

    Raises:
        ConfigError: it cannot be read, is no plain file, too long, in another encoding, or
            readable or replaceable by others. The words never show what stands in it.
    """
    try:
        # Without O_NONBLOCK a pipe would be waited for.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(
                    f"{path}: expected a {kind}, found a folder, pipe or device.",
                    advice=advice,
                )
            # What others can read is not a secret any more; better to stop than to use it.
            if private and os.name == "posix" and status.st_mode & 0o077:
                raise ConfigError(
                    f"{path}: expected a {kind} that only its owner can read, "
                    f"found mode {status.st_mode & 0o777:o}. Run: chmod 600 {path}"
                )
            if private and (found := exposed(path)) is not None:
                raise ConfigError(
                    f"{path}: expected a {kind} that nobody else can replace, found that every "
                    f"user of this system may write into {found}. Run: chmod o-w {found}"
                )
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(largest + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "a name that no file can have"
        raise ConfigError(
            f"{path}: expected a readable {kind}, found: {reason}.", advice=advice
        ) from None
    if len(content) > largest:
        raise ConfigError(f"{path}: expected a {kind} of at most {largest:,} bytes, found more.")
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            raise ConfigError(
                f"{path}: expected a {kind} in UTF-8, found {encoding}. Save it as UTF-8 (in "
                "PowerShell: Set-Content -Encoding utf8)."
            )
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: expected a {kind} in UTF-8, found a byte that is none (number "
            f"{error.start + len(content) - len(content.removeprefix(codecs.BOM_UTF8)):,}, counted "
            "from 0), as in a file that an editor saved in an older encoding. Save it as UTF-8."
        ) from None
    if "\0" in text:
        raise ConfigError(
            f"{path}: expected a {kind} in UTF-8, found NUL characters, as in UTF-16 or in a "
            "damaged file. Save it as UTF-8."
        )
    return text
