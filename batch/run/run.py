"""One run over a batch: find out what is unknown, send what is planned, follow what is placed.

One thread decides and records; workers only make calls. Each round of the loop commits, in one
transaction, what the ended calls taught and which rows are claimed next, and only then hands out
the calls for these claims: claim, commit, POST. The more calls end at once, the more steps share
a commit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice

from batch.clock import Clock
from batch.errors import HoldLost, LoginFailed, VenueError
from batch.journal import Journal, Placing
from batch.model import OrderRecord, VenueOrder
from batch.run.account import make_pace
from batch.run.alarms import why_nothing_leaves
from batch.run.calls import CancelOne, LogIn
from batch.run.cancelling import CANCEL_WAIT_S
from batch.run.dispatching import Dispatch
from batch.run.first_look import ActiveList, SentByAnother, list_for, look_first
from batch.run.following import Following
from batch.run.identities import Identities
from batch.run.late import LateFindings
from batch.run.leases import Leases
from batch.run.options import Cancel, Outcome, RunOptions, Snapshot
from batch.run.past import RUN_STARTED, find_done, read_past
from batch.run.pilot import Pilot
from batch.run.proof import Control, Fence, Proof
from batch.run.pulse import Pulse, leave_what_is_learnt
from batch.run.recording import Recorder
from batch.run.second_look import SecondLook
from batch.run.sending import Sending, Withheld
from batch.run.slots import Slots, Turn
from batch.run.stops import Lookout
from batch.run.wishes import Wishes
from batch.run.work import Answer, Workers
from batch.states import MAYBE_OPEN, NEVER_SENT, BatchEvent, OrderState
from batch.venue.port import VenueCalls

LONGEST_NAP_S = 0.5
"""The loop looks around at least so often, for whoever watches."""

LOOKED_AT_AGAIN = 3
"""So many of a batch's first orders are asked about at its end. The one that went alone tells of
another journal that went on alone with the same one; where its first answers were lost, it went on
with one of the next."""

WITHOUT_WAIT_S = 3.0
"""How long a run that shall not wait still asks about orders whose placing got no answer."""


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
        self._pace = make_pace(journal, batch_id, clock, options)
        self._identities = Identities()
        self._sending = Sending(
            self._recorder,
            clock,
            self._pace,
            self._identities,
            held_back=options.held_back,
            differs=options.differs,
            stopped=why_nothing_leaves(options, self._recorder.alarms),
        )
        self._looked_at: frozenset[int] = frozenset()
        self._pilot = Pilot(
            self._recorder,
            clock,
            self._sending,
            self._next_never_claimed,
            shows_done=options.covers_done_orders,
            patience_s=options.wait_s or WITHOUT_WAIT_S,
        )
        self._second_look = SecondLook(self._recorder, self._identities)
        self._past = read_past(journal, batch_id)
        fence = Fence(clock, venue.dead_at, self._past)
        control = Control(clock, partial(find_done, journal, batch_id))
        self._proof = Proof(options, fence, control)
        self._leases = Leases(journal, batch_id, venue, clock, fence)
        self._following = Following(
            self._recorder,
            clock,
            options,
            self._proof,
            self._identities,
            self._sending.put_back,
            self._sending.stop,
        )
        self._lookout = Lookout(journal, batch_id, clock)
        self._wishes = Wishes(journal, batch_id, clock, self._recorder, self._following)
        self._late = LateFindings(
            journal, batch_id, clock, options, self._recorder, self._following
        )
        self._slots = Slots(self._pace, clock, options.max_in_flight)
        self._dispatch = Dispatch(workers, self._slots, self._pace, clock, self._sending)
        self._has_ended = False
        self._pulse = Pulse(journal, batch_id, clock)
        self._interrupts = 0
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
                next start finds out what was on its way.
            Exception: a fault of our own, after everything that was learnt was recorded.
        """
        try:
            self._drive()
        except HoldLost:
            self._has_ended = True
            leave_what_is_learnt(self._workers, self._slots, self._recorder, self._clock)
            raise
        finally:
            self._has_ended = True
        if self._sending.fault is not None:
            raise self._sending.fault
        return self._outcome()

    def _drive(self) -> None:
        states = self._recorder.states
        self._recorder.note(RUN_STARTED, f"{states[OrderState.PLANNED]} rows to send")
        self._look_first()
        self._take_up()
        if self._options.cancel is Cancel.AT_ONCE:
            self._following.cancel_open()
        while True:
            self._pulse.beat()
            self._heed_stops()
            self._wishes.heed()
            self._late.heed()
            # Questions need no claim, so the venue has them while the claims are committed.
            self._ask()
            self._keep_logged_in()
            self._ask_of_pilot()
            claimed = self._sending.claim(self._pilot.most(self._slots_for_placing()))
            self._recorder.commit_what_is_due()
            for placing in claimed:
                self._place(placing)
            self._watch(self._snapshot())
            if self._is_finished() and not self._begins_to_cancel() and not self._looks_again():
                break
            for done in self._workers.collect(self._nap_s()):
                self._slots.in_flight -= 1
                done.take_in()
        self._recorder.commit()
        self._wishes.settle()
        self._recorder.note(BatchEvent.RUN_ENDED, self._sending.stopped or "finished")

    def _heed_stops(self) -> None:
        # What only follows, or cancels, sends nothing that could be stopped.
        if not self._options.send or not self._lookout.look():
            return
        self._sending.stop(self._lookout.words)
        if self._lookout.wants_cancel and self._cancel_until is None:
            self._recorder.note(BatchEvent.CANCELLING, self._lookout.words)
            self._cancel_until = self._clock.monotonic() + CANCEL_WAIT_S
            self._wishes.cancel_open()

    def _look_first(self) -> None:
        """See to it that a batch which nothing left of is not at the venue all the same."""
        if not self._sending.has_more():
            return
        states = self._recorder.states
        planned = partial(self._journal.orders, self._batch_id, [OrderState.PLANNED])
        is_begun = any(states[s] for s in OrderState if s not in NEVER_SENT) or any(
            planned(claimed_before=True, portion=1)
        )
        active = list_for(
            self._journal,
            self._batch_id,
            is_wanted=self._options.bulk_query,
            is_begun=is_begun,
        )
        if is_begun and active is ActiveList.UNUSED:
            self._pilot.look_again()
            return
        turn = Turn(self._pace, self._clock, lambda: self._interrupts > 0)
        try:
            look = look_first(self._batch_id, planned, self._venue, self._recorder, turn, active)
        except SentByAnother as error:
            if not is_begun:
                raise
            self._sending.stop(error.found)
        except VenueError as error:
            self._sending.login_failed = isinstance(error, LoginFailed)
            self._sending.stop(f"whether the venue knows this batch already was not told: {error}")
        else:
            if look.answers_by_id:
                self._pilot.begin(must_be_shown=look.lacks_list)
            first = islice(planned(portion=LOOKED_AT_AGAIN), LOOKED_AT_AGAIN)
            self._looked_at = frozenset(record.row for record in first)

    def _next_never_claimed(self) -> OrderRecord | None:
        planned = self._journal.orders(self._batch_id, [OrderState.PLANNED])
        return next((record for record in planned if record.submitted_at is None), None)

    def _take_up(self) -> None:
        for record in self._journal.orders(self._batch_id, MAYBE_OPEN):
            if self._options.rows is None or record.row in self._options.rows:
                self._following.take_up(record, is_disputed=record.row in self._past.disputed)
        if not self._options.send:
            return
        # Claimed before, and then said not to be at the venue: asked about once more.
        for record in self._journal.orders(
            self._batch_id, [OrderState.PLANNED], claimed_before=True
        ):
            self._sending.claimed_before(record.row)
            self._following.take_up(record)

    def _keep_logged_in(self) -> None:
        if self._interrupts or not self._sending.has_more():
            return
        self._leases.take_what_is_offered()
        if self._leases.must_log_in() and self._slots.free() > 0:
            self._leases.is_asked = True

            def learn(answer: Answer[None]) -> None:
                self._leases.is_asked = False
                self._sending.learn_login(answer)

            self._dispatch.submit(LogIn(), self._venue.login, learn)

    def _looks_again(self) -> bool:
        """Ask at the end about every row that was sent twice; say whether there is more to ask."""
        look, rows = self._second_look, self._sending.sent_twice
        if self._options.wait_s > 0:  # another journal may have begun this batch at that moment
            rows = rows | self._looked_at
        if self._interrupts or self._sending.login_failed or not rows:
            return False
        if not look.has_begun:
            self._recorder.commit()
            records = (self._journal.order(self._batch_id, row) for row in sorted(rows))
            look.begin(r for r in records if r is not None and r.server_order_id is not None)
        for asked in look.questions(self._slots.free()):
            self._dispatch.ask(
                asked, partial(self._venue.find, asked.client_order_id), partial(look.learn, asked)
            )
        return not look.is_over()

    def _slots_for_placing(self) -> int:
        # Nobody looks for a free slot who would not use it: with it goes a turn that others want.
        if self._interrupts or not self._may_send_more() or not self._venue.can_place():
            return 0
        return self._slots.free() if self._pilot.most(1) else 0

    def _slots_for_asking(self) -> int:
        """Give how many questions may leave now, so that placing has its share."""
        if self._interrupts or not self._may_send_more():
            return self._slots.free()
        return self._slots.for_asking(len(self._sending.on_their_way))

    def _place(self, placing: Placing) -> None:
        self._pilot.leave()

        def gate() -> None:
            if why := self._reason_to_withhold():
                raise Withheld(why, request_id=placing.request_id)

        def learn(answer: Answer[VenueOrder]) -> None:
            self._sending.learn(placing, answer, self._following)
            self._pilot.land(placing, answer)

        self._dispatch.submit(
            placing,
            lambda: self._venue.place(placing.payload, placing.client_order_id, placing.request_id),
            learn,
            gate,
        )

    def _reason_to_withhold(self) -> str:
        """Say why an order that a thread is free for now shall not leave; called in that thread."""
        if self._interrupts or self._has_ended:
            return "the run was ended before it could leave"
        if self._pace.paused_s(self._clock.monotonic()) > 0:
            return "a pause began before it could leave"
        return self._sending.stopped

    def _waits_for_pilot(self) -> bool:
        return self._pilot.is_pending() and not self._following.unasked

    def _ask_of_pilot(self) -> None:
        if self._interrupts or self._following.unasked or not self._pilot.is_due():
            return
        if self._slots.free() <= 0:
            return
        asked = self._pilot.question()
        find = partial(self._venue.find, asked.client_order_id)
        self._dispatch.ask(asked, find, self._pilot.learn)

    def _ask(self) -> None:
        if not self._may_ask():
            return
        if control := self._proof.control.question():
            find = partial(self._venue.find, control.client_order_id)
            self._dispatch.ask(control, find, self._proof.control.learn)
        if not self._following.is_due(self._clock.monotonic()):
            return
        questions = self._following.questions(self._slots_for_asking())
        if any(isinstance(question, CancelOne) for question in questions):
            self._recorder.commit()  # that it is asked for is on record before it leaves
        for question in questions:
            self._dispatch.put(question, self._venue, self._following)

    def _may_ask(self) -> bool:
        return not (self._interrupts or self._sending.login_failed or self._is_wait_over())

    def _is_wait_over(self) -> bool:
        if self._wishes.are_waited_for():
            return False
        if self._lookout.seen and self._cancel_until is None:
            return True
        if self._may_send_more():
            return False
        if self._cancel_until is not None:
            return self._clock.monotonic() >= self._cancel_until
        wait_s = self._options.wait_s or WITHOUT_WAIT_S
        return self._clock.monotonic() >= self._sending.last_answer_at + wait_s

    def _may_send_more(self) -> bool:
        return self._sending.has_more() and not self._following.unasked

    def _is_finished(self) -> bool:
        if self._interrupts > 1:
            return True
        if self._sending.on_their_way:
            return False
        if self._interrupts:
            return True
        if self._slots.in_flight or self._may_send_more() or self._waits_for_pilot():
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
        self._recorder.note(
            BatchEvent.CANCELLING, "the wait is over; what is still open is cancelled"
        )
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
        if self._slots.are_full():
            return LONGEST_NAP_S  # an answer ends it
        wait_s = self._pace.wait_s(now)
        next_at = self._following.next_at() if self._may_ask() else None
        if self._waits_for_pilot() and (pilot_s := self._pilot.wait_s(now)) is not None:
            next_at = min(now + pilot_s, now + LONGEST_NAP_S if next_at is None else next_at)
        has_more = self._may_send_more() or self._second_look.has_questions()
        if wait_s > 0 and has_more and not self._interrupts:
            next_at = now
        if next_at is None:
            return LONGEST_NAP_S
        return min(max(next_at - now, wait_s), LONGEST_NAP_S)

    def _snapshot(self) -> Snapshot:
        now = self._clock.monotonic()
        return Snapshot(
            states=self._recorder.states,
            in_flight=min(self._slots.in_flight, self._options.max_in_flight),
            elapsed_s=now - self._started,
            paused_s=self._pace.paused_s(now),
            stopped=self._sending.stopped,
            filled=self._recorder.filled.sums,
            on_their_way=len(self._sending.on_their_way),
            interrupted=self._interrupts > 0,
        )

    def _outcome(self) -> Outcome:
        left = self._recorder.states[OrderState.PLANNED] > 0
        stopped = self._sending.stopped
        if left and not stopped and self._following.unasked:
            stopped = (
                f"the venue did not answer about {len(self._following.unasked)} orders of an "
                "earlier run"
            )
        return Outcome(
            states=+self._recorder.states,
            stopped=stopped if left else "",
            interrupted=self._interrupts > 0 or bool(self._lookout.seen),
            stopped_by=self._lookout.words,
            alarms=tuple(self._recorder.alarms),
            at_rest=self._quiet_since is not None and not self._following.is_over(),
            login_failed=self._sending.login_failed,
        )
