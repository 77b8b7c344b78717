"""The command line in a process that dies, or stands still, where it is told to.

Start it with `python -m tests.campaign.driver`.

What is to happen stands in the environment, so that the arguments are those of the command.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial

from tests.campaign import deaths, folder_mutants, mutants, pauses

DEATH = "CAMPAIGN_DEATH"
PAUSE = "CAMPAIGN_PAUSE"
MUTANT = "CAMPAIGN_MUTANT"
TIME_SCALE = "CAMPAIGN_TIME_SCALE"


def prepare() -> None:
    """Arm this process as the environment says."""
    if scale := float(os.environ.get(TIME_SCALE) or 0):
        from batch.desk import folder
        from batch.run import proof, tracking

        proof.ABSENT_APART_S /= scale
        proof.PATIENCE_S /= scale
        proof.MARGIN_S /= scale
        proof.CONTROL_APART_S /= scale
        folder.QUIET_S /= scale
        tracking.ASK_AGAIN_S /= scale
        tracking.LONGEST_INTERVAL_S /= scale
    if death := os.environ.get(DEATH):
        deaths.arm(death)
    if pause := os.environ.get(PAUSE):
        pauses.arm(pause)
    if mutant := os.environ.get(MUTANT):
        switch_in = folder_mutants.FOLDER_MUTANTS.get(mutant, partial(mutants.switch_in, mutant))
        switch_in(contextlib.ExitStack())


def main() -> None:
    """Arm this process, then be the command."""
    prepare()
    from batch.cli import main as command

    command()


if __name__ == "__main__":
    main()
