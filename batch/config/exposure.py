"""Whether somebody else could replace a file. Used inside `config`, told by whoever reads it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def exposed(path: Path) -> Path | None:
    """Find what lets every user of this system change a file: itself, or a folder above it.

    In a folder with the sticky bit, as `/tmp` has it, nobody replaces what is another's.

    Returns:
        The file or the folder; None where there is none, or no file, or no such modes.
    """
    if os.name != "posix":
        return None
    real = Path(os.path.realpath(path))
    if not real.exists():
        return None
    # A link can be replaced in its own folder, too.
    folders = dict.fromkeys([*real.parents, *path.absolute().parents])
    return next((part for part in (real, *folders) if _is_open(part)), None)


def _is_open(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
        return False
    return bool(mode & stat.S_IWOTH)


def exposure_of_settings(path: Path) -> str:
    """Warn of a config file that others could change; empty where there is nothing to warn of."""
    found = exposed(path)
    if found is None:
        return ""
    return (
        f"{path}: expected settings that only their owner can change, found that every user of "
        f"this system may write into {found}, and so could send the orders elsewhere. Run: "
        f"chmod o-w {found}"
    )
