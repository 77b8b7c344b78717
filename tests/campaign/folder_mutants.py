"""Deliberate bugs of folder runs, which the campaign of folders must catch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from batch.desk import folder, inbox
from tests.campaign.mutants import Patches


def put_away_before_it_is_sent(patches: Patches) -> None:
    """Move a sheet to where the done ones are, and send it then."""

    def submit_one(session: Any, sheet: Path, submit: Callable[[Path], Any]) -> Any:
        done = sheet.parents[1] / folder.DONE
        done.mkdir(exist_ok=True)
        for path in (sheet.with_name(f"{sheet.name}.toml"), sheet):
            path.replace(done / path.name)
        return original(session, done / sheet.name, submit)

    original = inbox._submit_one
    patches.enter_context(mock.patch.object(inbox, "_submit_one", submit_one))


def taken_by_a_copy(patches: Patches) -> None:
    """Copy a sheet to where it is worked on, so that somebody else takes it, too."""

    def move_in(self: folder.Folder, name: str, shape: Any) -> Any:
        source, target = self.path / name, self.path / folder.WORKING / name
        if source.exists():
            shutil.copy2(source, target)
            self._fetch_escort(name)
        return self._taken(target)

    patches.enter_context(mock.patch.object(folder.Folder, "_move_in", move_in))


FOLDER_MUTANTS: Mapping[str, Callable[[Patches], None]] = {
    mutant.__name__: mutant for mutant in (put_away_before_it_is_sent, taken_by_a_copy)
}
