"""The exception tree: what stops a run. Layer 0, imported by everything.

Problems *in the data* are values (`batch.model.Problem`), not exceptions. For calls to the venue
the *type* of the exception is the certainty of delivery: whoever catches `NotDelivered` may send
again, whoever catches `OutcomeUnknown` may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum, unique


@unique  # two with one value would be one, and be said in the words of the later
class Advice(StrEnum):
    """What a person may do that only the caller's own words can name: an option, a command.

    The command line says it in its options and commands (`batch.cli.advice`); the value is what
    whoever calls from a program reads.
    """

    NAME_JOURNAL = "name another file as the journal"
    OR_NAME_JOURNAL = "or name another file as the journal"
    NAME_LOCAL_JOURNAL = "name a local file as the journal"
    COPY_JOURNAL = "let copies of a journal be made by the program itself"
    UPGRADE_JOURNAL = "upgrade the journal"
    LIST_BATCHES = "list the batches of the journal"
    OR_PRACTISE = "or practise at the simulated venue"
    CHECK_CONFIG = "check the place that is named for the config file"
    OR_LEAVE_OUT_VENUE = "or do not choose this venue's table"
    OR_CHOOSE_VENUE = "or choose the table of settings that has them"
    PRACTISE_AGAIN = "submit the sheet again at the simulated venue"
    RESUME = "go on with this batch"
    FINISH_FIRST = "finish this batch first"
    FOLLOW_SENT = "what an earlier run has sent is followed by going on with this batch"
    RESUME_ROW = "ask the venue again by going on with this batch"
    RESOLVE = "record what a person found out about this row"
    END_ALARM = "the alarm ends when what a person found out about this row is recorded"
    REPLACE_TARGET = "or say that what stands there is to be replaced"
    REPORT_AGAIN = "write the report of this batch again"
    SKIP_SENT = "to send only the others, skip what was sent"
    AGAIN = "to send the whole sheet once more, say so"
    REPLACE_UNSENT = "rows that were never sent can be replaced by skipping what was sent"
    FINISH_OR_REPLACE = "finish this batch, or replace its rows by skipping what was sent"
    CHANGE_AND_SKIP_SENT = (
        "to send only the others, change any cell that is not sent (a note), and skip what was sent"
    )
    REPLACE_READING = "what was not sent is replaced by handing it back for correction"
    CHANGE_CELL = "orders of another reading are another sheet: change any cell that is not sent"
    REPORT_OF = "see what was sent in the report of this batch"
    NAME_RUN = "if it is meant to be sent once more, give this run a key of its own"
    GIVE_APPROVAL = "give the approval code of the check"
    APPROVE = "have the sheet approved by a second person"
    RELEASE_STOP = "release the stop"
    SKIP_INVALID = "or send only the good rows"
    NAME_WORKSHEET = "say which worksheet"
    HIDDEN_ROWS = "show them, or say whether to include or to skip them"
    DECIMAL_SIGN = "say the decimal sign and the thousands sign if the whole sheet is written so"
    IGNORE_COLUMN = (
        "rename it to what it means, or if it does not matter for these orders, ignore the column"
    )
    TO_CHECK = "check it"
    TO_PRACTISE = "submit it at the simulated venue"
    TO_SUBMIT = "submit it"
    TO_RESUME = "resume this batch"
    TO_RESOLVE = "record what was found out about this row"
    TO_CANCEL = "cancel this row"
    STOP_AND_CANCEL = "to keep them back and cancel what is open, stop this batch, too"
    TO_CORRECT = "have the rows to mend written as a sheet"


@dataclass(frozen=True, slots=True)
class Hint:
    """A piece of advice, and what it is about.

    Attributes:
        about: what the words need, such as the IDs of batches.
    """

    advice: Advice
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.advice} ({', '.join(self.about)})" if self.about else str(self.advice)


Wording = Callable[[Hint], str]
"""Puts advice into words; `str` gives those of a program, not those of the command line."""


def hint(advice: Advice, *about: object) -> Hint:
    """Give advice about something, such as a batch."""
    return Hint(advice, tuple(map(str, about)))


class BatchError(Exception):
    """Base of everything that is raised on purpose.

    The text says where, what was expected, what was found and what to do. It never holds a secret
    or a raw body of the venue; nor does it name an option or a command, which only the command
    line has.

    Attributes:
        advice: what a person may do beside what the text says, for the caller to put into words.
    """

    def __init__(self, message: str = "", *, advice: Iterable[Hint] | Advice = ()) -> None:
        super().__init__(message)
        self.advice = (Hint(advice),) if isinstance(advice, Advice) else tuple(advice)


class SheetError(BatchError):
    """The whole sheet is refused; nothing was sent.

    Attributes:
        code: stable kebab-case name of the cause, for scripts (`no-orders`, `merged-cells`, …).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "sheet-refused",
        advice: Iterable[Hint] | Advice = (),
    ) -> None:
        super().__init__(message, advice=advice)
        self.code = code


class GateError(BatchError):
    """A gate before the first order was not passed (a duplicate, a limit); nothing was sent."""


class ConfigError(BatchError):
    """A setting is missing, unknown or wrong; nothing was sent."""


class JournalError(BatchError):
    """The journal cannot be opened, read or written; what it already holds is intact.

    Attributes:
        is_final: trying again cannot help: it is damaged, of a newer version, none of ours, or not
            to be used where it lies.
    """

    def __init__(
        self,
        message: str = "",
        *,
        is_final: bool = False,
        advice: Iterable[Hint] | Advice = (),
    ) -> None:
        super().__init__(message, advice=advice)
        self.is_final = is_final


class JournalLocked(JournalError):
    """Another process works on this batch, or holds the journal, just now."""


class JournalAway(JournalError):
    """The journal's server broke off or is away: nothing of this step was recorded."""


class JournalInDoubt(JournalError):
    """Whether the last step was recorded is not known: nothing of it may be sent."""


class HoldLost(JournalError):
    """Another process has taken the batch over; nothing of this step was recorded."""


class ReportError(BatchError):
    """The report could not be written; the orders and the journal are untouched."""


class TargetMisnamed(ReportError):
    """A name for a file cannot be one, whatever stands there: its ending, or two files' one name.

    Nothing was written.
    """


class VenueError(BatchError):
    """A call to the venue failed.

    Attributes:
        status: HTTP status of the reply; None where there was none.
        request_id: the `X-Request-ID` that the failed request carried; None before any request.
        error_code: the venue's own code, if its error object had one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        error_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
        self.error_code = error_code


class NotDelivered(VenueError):
    """Proven: the venue did not process the request. It may be sent again."""


class Throttled(NotDelivered):
    """HTTP 429: not processed; the venue wants fewer requests.

    Attributes:
        retry_after_s: seconds that the venue asked to wait, uncapped; None where it named none.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        status: int | None = 429,
        request_id: str | None = None,
        error_code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id, error_code=error_code)
        self.retry_after_s = retry_after_s


class LoginFailed(NotDelivered):
    """The venue refused the credentials, or a fresh token; nothing was processed."""


class LoginNeeded(NotDelivered):
    """No credential is at hand whose life is on record, or the one at hand is no good any more."""


class OutcomeUnknown(VenueError):
    """The request may or may not have been processed. Never send it again; ask."""


class Disputed(OutcomeUnknown):
    """An answer says no and may not be the venue's own, or says that it knows the order already.

    That the order is then not found proves nothing.
    """


class VenueRefused(VenueError):
    """The venue answered with a final no, in its own words; the request had no effect."""


class VenueAway(VenueError):
    """A question (never an order) got no usable answer. Asking again is harmless."""
