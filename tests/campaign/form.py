"""How long the campaign is: a short form for every change, a long one for a release."""

from __future__ import annotations

import os
from dataclasses import dataclass

VARIABLE = "ORDERBATCH_CAMPAIGN"

FIGURES = "campaign-figures"
"""Under this name a test hands on what it counted."""


@dataclass(frozen=True, slots=True)
class Form:
    """The size of a campaign.

    Attributes:
        storms: how often processes are killed at random, over every model of a venue.
        storms_of_commands: the same with the installed command instead of forked processes.
        rounds_of_points: how often a process is killed at each named point.
        histories: how many the state machine lives through, in all its parts.
        histories_of_hosts: how many where hosts share the journal, in all its parts.
        rows: how many rows the sheets have that lose replies.
    """

    name: str
    storms: int
    storms_of_commands: int
    rounds_of_points: int
    histories: int
    histories_of_hosts: int
    rows: int


FORMS = {
    "short": Form("short", 2, 1, 1, 500, 60, 200),
    "long": Form("long", 36, 20, 6, 20_000, 2_000, 500),
}
PARTS, PARTS_OF_HOSTS = 10, 2
"""The histories are lived in so many tests, so that several workers can share them."""


def chosen() -> Form:
    """Give the form that the environment asks for; the short one where it does not."""
    return FORMS[os.environ.get(VARIABLE) or "short"]
