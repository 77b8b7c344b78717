"""One run over a batch: settle what is unknown, send what is planned, follow what is placed.

One thread decides and records; workers only make calls. Each round of the loop commits, in one
transaction, what the ended calls taught and which rows are claimed next, and only then hands out
the calls for these claims: claim, commit, POST. The more calls end at once, the more steps share
a commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from batch.clock import Clock
from batch.errors import LoginFailed, Throttled
from batch.journal import Journal
from batch.model import VenueOrder
from batch.run.cancelling import CANCEL_WAIT_S
from batch.run.following import Following, Question
from batch.run.options import Cancel, Outcome, RunOptions, Snapshot
from batch.run.pace import Pace
from batch.run.recording import Recorder
from batch.run.sending import Placing, Sending, Withheld
from batch.run.work import Done, Workers
from batch.states import OrderState

LONGEST_NAP_S = 0.5
"""The loop looks around at least so often, for whoever watches."""

FEW_AT_ONCE = 50
"""Rows to send are read in portions so small that no answer waits for the reading."""

AHEAD = 8
"""For so many calls in flight one more waits for a free thread. An order that waits is claimed, so
that its claim's commit takes no time from the venue; it is few, because each is UNKNOWN to the next
start if this process is killed."""

PLACING_SHARE = 1 / 2
"""So much of what is in flight is for placing, while there is something to place: an order costs
about one placing and one question. With more, ends are noticed late; with less, orders leave
late."""

WITHOUT_WAIT_S = 3.0
"""How long a run that shall not wait still asks about orders whose placing got no answer."""


class VenueCalls(Protocol):
    """What a run asks of a venue; see `batch.venue.Venue`."""

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        """Place an order: one POST."""

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        """Give the orders under a client ID."""

    def query(self, server_order_id: str) -> VenueOrder | None:
        """Give one order; None when the venue does not know it."""

    def active(self) -> Mapping[str, VenueOrder]:
        """Give all open orders by server ID."""

    def cancel(self, server_order_id: str) -> None:
        """Ask to cancel an order; what became of it, only a query tells."""


class Run:
    """Drives one batch from where the journal has it to where it ends, or the wait does."""

    def __init__(
        self,
        journal: Journal,
        batch_id: str,
        venue: VenueCalls,
        workers: Workers,
        clock: Clock,
        options: RunOptions,
        watch: Callable[[Snapshot], None] = lambda _: None,
    ) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._venue = venue
        self._workers = workers
        self._clock = clock
        self._options = options
        self._watch = watch
        self._recorder = Recorder(journal, batch_id, clock)
        self._pace = Pace(
            retry_after_cap_s=options.retry_after_cap_s, rate_per_s=options.rate_per_s
        )
        planned = journal.orders(batch_id, [OrderState.PLANNED], portion=FEW_AT_ONCE)
        self._sending = Sending(
            planned,
            self._recorder,
            clock,
            self._pace,
            stopped="" if options.send else "this run follows orders and sends none",
        )
        self._following = Following(
            self._recorder, clock, options, self._sending.put_back, self._sending.stop
        )
        self._in_flight = 0
        self._has_ended = False
        self._interrupts = 0
        self._turn = 0
        self._started = clock.monotonic()
        self._quiet_since: float | None = None
        self._cancel_until: float | None = None

    def stop(self) -> None:
        """Stop sending and asking; called once more: do not even wait for answers to placings.

        Safe in a signal handler.
        """
        self._interrupts += 1
        self._workers.wake()

    def execute(self) -> Outcome:
        """Run to the end.

        Raises:
            JournalError: something could not be recorded; nothing was sent after that, and the
                next start settles what was on its way.
            Exception: a fault of our own, after everything that was learnt was recorded.
        """
        try:
            self._drive()
        finally:
            self._has_ended = True
        if self._sending.fault is not None:
            raise self._sending.fault
        return self._outcome()

    def _drive(self) -> None:
        states = self._recorder.states
        self._recorder.note("run-started", f"{states[OrderState.PLANNED]} rows to send")
        unsettled = [OrderState.SENDING, OrderState.UNKNOWN, OrderState.OPEN]
        for record in self._journal.orders(self._batch_id, unsettled):
            self._following.take_up(record)
        if self._options.send:
            # Claimed before, and then said not to be at the venue: asked about once more.
            for record in self._journal.orders(
                self._batch_id, [OrderState.PLANNED], claimed_before=True
            ):
                self._following.take_up(record)
        if self._options.cancel is Cancel.AT_ONCE:
            self._following.cancel_open()
        while True:
            # Questions need no claim, so the venue has them while the claims are committed.
            self._ask()
            claimed = self._sending.claim(self._slots_for_placing())
            self._recorder.commit_what_is_due()
            for placing in claimed:
                self._place(placing)
            self._watch(self._snapshot())
            if self._is_finished() and not self._begins_to_cancel():
                break
            was_unsettled = bool(self._following.unsettled)
            for done in self._workers.collect(self._nap_s()):
                self._learn(done)
            if was_unsettled and not self._following.unsettled:
                # Before the list of rows to send is read: some may have been found.
                self._recorder.commit()
        self._recorder.commit()
        self._recorder.note("run-ended", self._sending.stopped or "finished")

    def _most(self) -> int:
        """Give how many calls the workers may have: in flight, and waiting for a free thread."""
        most = self._options.max_in_flight
        # At a rate, each call is due when it is handed out.
        is_bound = self._pace.rate(self._clock.monotonic()) is not None
        return most if is_bound else most + most // AHEAD

    def _slots(self) -> int:
        """Give how many calls may be handed out now."""
        free = self._most() - self._in_flight
        return self._pace.allowed(self._clock.monotonic(), free) if free > 0 else 0

    def _slots_for_placing(self) -> int:
        if self._interrupts or self._following.unsettled:
            return 0
        return self._slots()

    def _slots_for_asking(self) -> int:
        """Give how many questions may leave now, so that placing has its share."""
        slots = self._slots()
        if slots <= 0 or self._interrupts or not self._may_send_more():
            return slots
        self._turn += 1
        most = self._options.max_in_flight
        if self._pace.rate(self._clock.monotonic()) is not None:
            # Requests are scarce, and placing goes first; so that the followed orders are not
            # forgotten, one in ten is a question all the same.
            return slots if self._turn % 10 == 0 else 0
        if most == 1:
            return slots * (self._turn % 2)
        reserved = int(most * PLACING_SHARE) - len(self._sending.on_their_way)
        return slots - min(slots, max(reserved, 0))

    def _place(self, placing: Placing) -> None:
        def gate() -> None:
            if why := self._reason_to_withhold():
                raise Withheld(why, request_id=placing.request_id)

        self._submit(
            placing,
            lambda: self._venue.place(placing.payload, placing.client_order_id, placing.request_id),
            gate,
        )

    def _reason_to_withhold(self) -> str:
        """Say why an order that a thread is free for now shall not leave; called in that thread."""
        if self._interrupts or self._has_ended:
            return "the run was ended before it could leave"
        if self._pace.paused_s(self._clock.monotonic()) > 0:
            return "a pause began before it could leave"
        return self._sending.stopped

    def _ask(self) -> None:
        if not self._may_ask() or not self._following.is_due(self._clock.monotonic()):
            return
        questions = self._following.questions(self._slots_for_asking())
        if any(question.kind == "cancel" for question in questions):
            self._recorder.commit()  # that it is asked for is on record before it leaves
        for question in questions:
            self._submit(question, self._call_for(question))

    def _call_for(self, question: Question) -> Callable[[], object]:
        if question.kind == "active":
            return self._venue.active
        (order,) = question.orders
        if question.kind == "find":
            return lambda: self._venue.find(order.client_order_id)
        assert order.server_order_id is not None
        server_order_id = order.server_order_id
        if question.kind == "cancel":
            return lambda: self._venue.cancel(server_order_id)
        return lambda: self._venue.query(server_order_id)

    def _submit(
        self, key: object, call: Callable[[], object], gate: Callable[[], None] | None = None
    ) -> None:
        self._in_flight += 1
        self._pace.spend(self._clock.monotonic())
        self._workers.submit(key, call, gate)

    def _learn(self, done: Done[object]) -> None:
        self._in_flight -= 1
        if isinstance(done.key, Placing):
            self._sending.learn(done.key, done, self._following)
            return
        assert isinstance(done.key, Question)
        if isinstance(done.error, Throttled):
            self._pace.throttled(done.error.retry_after_s, self._clock.monotonic())
        elif done.error is None:
            self._pace.answered(self._clock.monotonic())
        elif isinstance(done.error, LoginFailed):
            self._sending.login_failed = True
            self._sending.stop(str(done.error))
        self._following.learn(done.key, done)

    def _may_ask(self) -> bool:
        return not (self._interrupts or self._sending.login_failed or self._is_wait_over())

    def _is_wait_over(self) -> bool:
        if self._may_send_more():
            return False
        if self._cancel_until is not None:
            return self._clock.monotonic() >= self._cancel_until
        wait_s = self._options.wait_s or WITHOUT_WAIT_S
        return self._clock.monotonic() >= self._sending.last_answer_at + wait_s

    def _may_send_more(self) -> bool:
        return self._sending.has_more() and not self._following.unsettled

    def _is_finished(self) -> bool:
        if self._interrupts > 1:
            return True
        if self._sending.on_their_way:
            return False
        if self._interrupts:
            return True
        if self._in_flight or self._may_send_more():
            return False
        return self._following.is_over() or not self._may_ask() or self._is_at_rest()

    def _begins_to_cancel(self) -> bool:
        """Turn from waiting to cancelling, where that is wanted and there is something left."""
        if (
            self._options.cancel is not Cancel.AFTER_WAIT
            or self._cancel_until is not None
            or self._interrupts
            or self._sending.login_failed
            or not self._recorder.states[OrderState.OPEN]
        ):
            return False
        self._recorder.note("cancelling", "the wait is over; what is still open is cancelled")
        self._cancel_until = self._clock.monotonic() + CANCEL_WAIT_S
        self._quiet_since = None
        self._following.cancel_open()
        return True

    def _is_at_rest(self) -> bool:
        if self._options.nothing_will_change is None or not self._options.nothing_will_change():
            return False
        if self._quiet_since is None:
            # Its last movement may be younger than our last question.
            self._quiet_since = self._clock.monotonic()
            self._following.hasten()
            return False
        return self._following.are_all_asked_since(self._quiet_since)

    def _nap_s(self) -> float:
        now = self._clock.monotonic()
        unrecorded_s = self._recorder.wait_s(now)
        idle_s = self._idle_s(now)
        return idle_s if unrecorded_s is None else min(idle_s, unrecorded_s)

    def _idle_s(self, now: float) -> float:
        if self._in_flight >= self._most():
            return LONGEST_NAP_S  # an answer ends it
        wait_s = self._pace.wait_s(now)
        next_at = self._following.next_at() if self._may_ask() else None
        if wait_s > 0 and self._may_send_more() and not self._interrupts:
            next_at = now
        if next_at is None:
            return LONGEST_NAP_S
        return min(max(next_at - now, wait_s), LONGEST_NAP_S)

    def _snapshot(self) -> Snapshot:
        now = self._clock.monotonic()
        return Snapshot(
            states=self._recorder.states,
            in_flight=min(self._in_flight, self._options.max_in_flight),
            elapsed_s=now - self._started,
            paused_s=self._pace.paused_s(now),
            stopped=self._sending.stopped,
        )

    def _outcome(self) -> Outcome:
        left = self._recorder.states[OrderState.PLANNED] > 0
        stopped = self._sending.stopped
        if left and not stopped and self._following.unsettled:
            stopped = (
                f"the venue did not answer about {len(self._following.unsettled)} orders of an "
                "earlier run"
            )
        return Outcome(
            states=+self._recorder.states,
            stopped=stopped if left else "",
            interrupted=self._interrupts > 0,
            at_rest=self._quiet_since is not None and not self._following.is_over(),
        )
