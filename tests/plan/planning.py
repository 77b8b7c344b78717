"""A sheet from identity to commit in one call, as a submission does it."""

from __future__ import annotations

from datetime import datetime

from batch.journal import Journal
from batch.model import Login, Validation
from batch.plan.commit import Planned, commit
from batch.plan.draft import Draft, PlanOptions, draft
from batch.plan.identity import identify
from batch.venue import encode_order


def draw_up(
    journal: Journal,
    validation: Validation,
    login: Login,
    options: PlanOptions,
    now: datetime,
    run_key: str = "",
) -> Draft:
    """Identify and draft a sheet."""
    identity = identify(validation.sheet, login, run_key)
    return draft(journal, identity, validation, options, encode=encode_order, now=now)


def plan(
    journal: Journal,
    validation: Validation,
    login: Login,
    options: PlanOptions,
    now: datetime,
    run_key: str = "",
) -> Planned:
    """Identify, draft and commit a sheet."""
    return commit(journal, draw_up(journal, validation, login, options, now, run_key), now)
