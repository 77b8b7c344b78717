"""Asking the venue to cancel orders: each once, on record before the request leaves.

What became of an order only a query tells: a cancel that comes too late is no failure, and the
order is then followed to the end that it really had.
"""

from __future__ import annotations

from collections.abc import Collection

from batch.errors import VenueRefused
from batch.run.recording import Recorder
from batch.run.tracking import Tracked
from batch.run.work import Answer, Failed
from batch.states import OrderEvent, OrderState

CANCEL_WAIT_S = 60.0
"""How long a run that cancels when its wait is over follows the orders after that."""


class Cancelling:
    """Knows which open orders are still to be cancelled.

    Attributes:
        has_begun: from now on, the next question about any open order is the cancel.
        rows: for these it is in any case.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._answered: dict[int, str] = {}
        self.has_begun = False
        self.rows: set[int] = set()

    def want(self, rows: Collection[int]) -> None:
        """Ask for these to be cancelled, also where that was asked for once before."""
        self.rows.update(rows)
        for row in rows:
            self._answered.pop(row, None)

    def is_meant(self, row: int) -> bool:
        """Say whether a row's order is to be cancelled if it is found to be open."""
        return self.has_begun or row in self.rows

    def wants(self, order: Tracked) -> bool:
        """Say whether the venue is to be asked to cancel this order."""
        is_open = order.state is OrderState.OPEN
        return is_open and self.is_meant(order.row) and order.row not in self._answered

    def ask(self, order: Tracked) -> None:
        """Put on record that the cancel is asked for; commit before it leaves."""
        self._recorder.step(
            order, OrderEvent.CANCEL_ASKED, detail=f"server order ID {order.server_order_id}"
        )

    def learn(self, order: Tracked, answer: Answer[None]) -> bool:
        """Take in how a cancel ended; say whether the venue answered it at all."""
        words = ""
        if isinstance(answer, Failed):
            error = answer.error
            if not isinstance(error, VenueRefused):
                return False
            # Done already, unknown, or not to be cancelled: the next query tells.
            words = f"the cancel was refused: {error}"
            self._recorder.step(
                order,
                OrderEvent.CANCEL_REFUSED,
                detail=str(error),
                message=words,
                request_id=error.request_id,
            )
        self._answered[order.row] = words
        return True

    def refusal(self, row: int) -> str:
        """Give the venue's words if it would not cancel an order; empty otherwise."""
        return self._answered.get(row, "")
