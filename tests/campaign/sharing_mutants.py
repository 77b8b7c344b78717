"""Deliberate bugs in what the program does where hosts share a journal in a server.

As in `mutants`, each patches the program in the running process, from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batch.errors import JournalInDoubt
from batch.journal import stepping
from batch.run import proof
from tests.campaign.mortal import MortalSession
from tests.campaign.mutants import Patches, replaced


def absence_counts_at_once_after_a_take_over(patches: Patches) -> None:
    """Take "not found" for a proof while what the one before sent can still arrive."""
    replaced(patches, proof.Fence, "of_earlier", lambda *_: float("-inf"))


def a_doubtful_commit_counts(patches: Patches) -> None:
    """Take a commit whose answer was lost for one that was answered."""

    def settle(_: Any, step: Callable[[], Any], *__: Any) -> Any:
        try:
            return step()
        except JournalInDoubt:
            return None

    replaced(patches, stepping, "settle", settle)
    # Of what was taken in one journey there would be nothing to send without its answer.
    replaced(patches, MortalSession, "take_at_once", lambda *_: None)


SHARING_MUTANTS: Mapping[str, Callable[[Patches], None]] = {
    mutant.__name__: mutant
    for mutant in (absence_counts_at_once_after_a_take_over, a_doubtful_commit_counts)
}
