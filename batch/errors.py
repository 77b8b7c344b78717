"""The exception tree: what stops a run. Layer 0, imported by everything.

Problems *in the data* are values (`batch.model.Problem`), not exceptions. For calls to the venue
the *type* of the exception is the certainty of delivery: whoever catches `NotDelivered` may send
again, whoever catches `OutcomeUnknown` may not.
"""

from __future__ import annotations


class BatchError(Exception):
    """Base of everything that orderbatch raises on purpose.

    The text says where, what was expected, what was found and what to do. It never holds a secret
    or a raw body of the venue.
    """


class SheetError(BatchError):
    """The whole sheet is refused; nothing was sent.

    Attributes:
        code: stable kebab-case name of the cause, for scripts (`no-orders`, `merged-cells`, …).
    """

    def __init__(self, message: str, *, code: str = "sheet-refused") -> None:
        super().__init__(message)
        self.code = code


class GateError(BatchError):
    """A gate before the first order was not passed (a duplicate, a limit); nothing was sent."""


class ConfigError(BatchError):
    """A setting is missing, unknown or wrong; nothing was sent."""


class JournalError(BatchError):
    """The journal cannot be opened, read or written; what it already holds is intact."""


class JournalLocked(JournalError):
    """Another process works on this batch, or holds the journal, just now."""


class ReportError(BatchError):
    """The report could not be written; the orders and the journal are untouched."""


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


class OutcomeUnknown(VenueError):
    """The request may or may not have been processed. Never send it again; ask."""


class VenueRefused(VenueError):
    """The venue answered with a final no, in its own words; the request had no effect."""


class VenueAway(VenueError):
    """A question (never an order) got no usable answer. Asking again is harmless."""
