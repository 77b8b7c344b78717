"""Handing calls to the workers: each takes a slot, and its answer says how much is borne."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from batch.clock import Clock
from batch.errors import LoginFailed, Throttled
from batch.run.calls import CancelOne, Find, ListActive, Query, Question, Subject
from batch.run.following import Following
from batch.run.pace import Pace
from batch.run.sending import Sending
from batch.run.slots import Slots
from batch.run.work import Answer, Call, Failed, Workers
from batch.venue.port import VenueCalls

A = TypeVar("A")


class Dispatch:
    """Makes calls of what a run has decided to send or to ask."""

    def __init__(
        self, workers: Workers, slots: Slots, pace: Pace, clock: Clock, sending: Sending
    ) -> None:
        self._workers = workers
        self._slots = slots
        self._pace = pace
        self._clock = clock
        self._sending = sending

    def submit(
        self,
        subject: Subject,
        make: Callable[[], A],
        learn: Callable[[Answer[A]], None],
        gate: Callable[[], None] | None = None,
    ) -> None:
        """Have a call made; its slot is free again when the answer has been collected."""
        self._slots.in_flight += 1
        self._pace.spend(self._clock.monotonic())
        self._workers.submit(Call(subject, make, learn, gate))

    def ask(
        self, question: Subject, make: Callable[[], A], learn: Callable[[Answer[A]], None]
    ) -> None:
        """Have a question asked; how it ends tells how much the venue bears."""

        def learn_and_pace(answer: Answer[A]) -> None:
            self._pace_by(answer)
            learn(answer)

        self.submit(question, make, learn_and_pace)

    def put(self, question: Question, venue: VenueCalls, following: Following) -> None:
        """Put a question about orders that are followed to the venue."""
        match question:
            case ListActive(orders):
                self.ask(question, venue.active, partial(following.learn_active, orders))
            case Find(order):
                find = partial(venue.find, order.client_order_id)
                self.ask(question, find, partial(following.learn_found, order))
            case Query(order):
                query = partial(venue.query, order.known_server_id())
                self.ask(question, query, partial(following.learn_status, order))
            case CancelOne(order):
                cancel = partial(venue.cancel, order.known_server_id())
                self.ask(question, cancel, partial(following.learn_cancelled, order))

    def _pace_by(self, answer: Answer[A]) -> None:
        now = self._clock.monotonic()
        if not isinstance(answer, Failed):
            self._pace.answered(now)
        elif isinstance(answer.error, Throttled):
            self._pace.throttled(answer.error.retry_after_s, now)
        elif isinstance(answer.error, LoginFailed):
            self._sending.login_failed = True
            self._sending.stop(str(answer.error))
