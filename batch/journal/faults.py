"""What the errors of every database have in common when they are put into words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from batch.errors import JournalError
from batch.journal.records import NonsenseFound

NOTHING = "Nothing of this step was recorded."


@contextmanager
def explained(
    where: str,
    driver_error: type[Exception],
    explain: Callable[[BaseException | None], JournalError],
    damage: Callable[[], JournalError],
) -> Iterator[None]:
    """Turn the errors of a block into ours.

    Args:
        driver_error: the base of what one database's driver raises.
        explain: gives our error for one of those.
        damage: gives our error for a record that this program never wrote.
    """
    try:
        yield
    except DBAPIError as error:
        raise explain(error.orig) from None
    except driver_error as error:
        raise explain(error) from None
    except NonsenseFound:
        raise damage() from None
    except SQLAlchemyError as error:
        raise own_fault(where, error) from None


def own_fault(where: str, error: BaseException | None) -> JournalError:
    """Give our error for one that a sound database does not raise on a sound request."""
    return JournalError(
        f"{where}: expected a usable journal, found a fault of our own "
        f"({type(error).__name__}). {NOTHING}"
    )
