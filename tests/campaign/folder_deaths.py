"""Where a process on a folder of sheets can die, beside the points of a batch.

Each is a step of `batch.desk.folder`, named by what was just done, or is about to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.campaign.deaths import Fuse, wrap

Look = Callable[[Path], bool]


def _at_method(name: str, when: str) -> Callable[[Fuse], None]:
    def prepare(fuse: Fuse) -> None:
        from batch.desk.folder import Folder

        wrap(Folder, name, **{when: lambda *_, **__: fuse()})

    return prepare


def _when_moved(call: str, is_meant: Look) -> Callable[[Fuse], None]:
    """Die after a move to a place that is meant."""

    def prepare(fuse: Fuse) -> None:
        def look(_: object, target: str | Path, **__: Any) -> None:
            if is_meant(Path(target)):
                fuse()

        wrap(os, call, after=look)

    return prepare


def _at_lock(when: str) -> Callable[[Fuse], None]:
    """Die beside the deletion of a sheet's lock file."""

    def prepare(fuse: Fuse) -> None:
        def look(path: Path, *_: Any, **__: Any) -> None:
            if path.name.endswith(".orderbatch-lock"):
                fuse()

        wrap(Path, "unlink", **{when: look})

    return prepare


def _to(place: str, end: str) -> Look:
    return lambda path: path.parent.name == place and path.name.endswith(end)


FOLDER_POINTS: dict[str, Callable[[Fuse], None]] = {
    "sheet-locked": _at_method("_move_in", "before"),
    "sheet-taken": _when_moved("rename", _to("working", ".csv")),
    "escort-taken": _when_moved("rename", _to("working", ".toml")),
    "sheet-ready": _at_method("_move_in", "after"),
    "putting-away": _at_method("put_away", "before"),
    "report-put-away": _when_moved("replace", _to("done", ".xlsx")),
    "escort-put-away": _when_moved("replace", _to("done", ".toml")),
    "sheet-put-away": _when_moved("replace", _to("done", ".csv")),
    "letting-go": _at_lock("before"),
    "let-go": _at_lock("after"),
}
"""Name of a point -> what makes a process die there."""
