"""What the report says beside a state."""

from __future__ import annotations

from batch.errors import BatchError
from batch.model import VenueOrder


def status_words(answer: VenueOrder) -> str:
    """Say for the report what a status alone does not: a part fill, a reason, an unknown word."""
    parts = []
    if not answer.is_published:
        parts.append(f'the venue\'s status "{answer.status}" is not a published one')
    size = answer.terms.size
    if answer.filled_size and size is not None and answer.filled_size != size:
        parts.append(f"part filled: {answer.filled_size:f} of {size:f}")
    if answer.message:
        parts.append(answer.message)
    return "; ".join(parts)


def error_words(error: BaseException) -> str:
    """Name what went wrong: our own exceptions are written for people, others are only named."""
    return str(error) if isinstance(error, BatchError) else type(error).__name__
