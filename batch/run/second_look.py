"""The last look at every row that was sent a second time: does one order stand under its ID?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from batch.errors import Throttled, VenueRefused
from batch.model import OrderRecord, VenueOrder
from batch.run.alarms import more_than_one
from batch.run.calls import FindAgain
from batch.run.identities import Identities
from batch.run.recording import Recorder
from batch.run.work import Answer, Failed
from batch.states import BatchEvent

MOST_TRIES = 5
"""So often a row is asked about where the venue gives no usable answer."""


class SecondLook:
    """Asks about rows at the end of a run.

    Attributes:
        has_begun: the rows to ask about are known.
    """

    def __init__(self, recorder: Recorder, identities: Identities) -> None:
        self._recorder = recorder
        self._identities = identities
        self._to_ask: list[FindAgain] = []
        self._on_their_way = 0
        self._tries: Counter[int] = Counter()
        self.has_begun = False

    def begin(self, records: Iterable[OrderRecord]) -> None:
        """Look at the rows as they stand now."""
        self.has_begun = True
        self._to_ask = [
            FindAgain(record.row, record.client_order_id or "", record.server_order_id)
            for record in records
        ]

    def is_over(self) -> bool:
        """Say whether there is nobody left to ask about."""
        return not self._to_ask and not self._on_their_way

    def has_questions(self) -> bool:
        """Say whether there is a question that is not on its way."""
        return bool(self._to_ask)

    def questions(self, most: int) -> list[FindAgain]:
        """Give the questions to ask now, at most so many."""
        asked, self._to_ask = self._to_ask[: max(most, 0)], self._to_ask[max(most, 0) :]
        self._on_their_way += len(asked)
        return asked

    def learn(self, asked: FindAgain, answer: Answer[tuple[VenueOrder, ...]]) -> None:
        """Take in what stands under a client ID."""
        self._on_their_way -= 1
        if not isinstance(answer, Failed):
            self._look_at(asked, answer.value)
            return
        self._tries[asked.row] += not isinstance(answer.error, Throttled)
        if isinstance(answer.error, VenueRefused) or self._tries[asked.row] >= MOST_TRIES:
            self._recorder.note(
                BatchEvent.SECOND_LOOK_FAILED,
                f"row {asked.row}: whether one order alone stands under its client order ID was "
                f"not answered: {answer.error}",
            )
        else:
            self._to_ask.append(asked)

    def _look_at(self, asked: FindAgain, found: tuple[VenueOrder, ...]) -> None:
        ids = [order.server_order_id for order in found]
        if asked.server_order_id is not None:
            self._identities.take(asked.row, asked.client_order_id, asked.server_order_id)
            ids.append(asked.server_order_id)
        if wrong := more_than_one(asked.row, asked.client_order_id, ids):
            self._recorder.alarm(asked.row, wrong)
