"""The journal is not the only witness: a report of a batch that it does not know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from batch.errors import GateError
from batch.plan.draft import Draft


def refuse_unknown_report(draft: Draft, folders: Iterable[Path], journal: str) -> None:
    """Refuse to send a new batch of which results lie beside its sheet already.

    Another journal has sent it, then, or this one is an older copy.

    Args:
        folders: where results of the sheet are written.
        journal: its name in messages.

    Raises:
        GateError: names the report.
    """
    if not draft.is_new or draft.options.simulated:
        return
    name = draft.batch.batch_id
    results = re.compile(rf"-results-{re.escape(name)}(?![a-z0-9])")
    for folder in dict.fromkeys(folders):
        for file in _files(folder):
            if results.search(file.name):
                raise GateError(
                    f"{file}: expected no results of batch {name} before it is sent, found this "
                    f"report, and {journal} knows nothing of that batch: another journal has sent "
                    "this sheet, or this one is an older copy. Nothing was sent. Use the journal "
                    "that sent it. If the report is of a journal that is gone, see in it what was "
                    "sent, and move it away."
                )


def _files(folder: Path) -> list[Path]:
    try:
        # A link that somebody planted under that name is no report.
        return sorted(file for file in folder.iterdir() if not file.is_symlink())
    except OSError:
        return []  # what cannot be listed holds no report that could be read
