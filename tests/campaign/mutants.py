"""Deliberate bugs that the campaign must catch: whoever watches must be watched.

Each patches the program in the running process, from outside; the program knows none of them.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest import mock
from uuid import uuid4

from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from batch import states
from batch.errors import JournalError, NotDelivered, OutcomeUnknown, Throttled, VenueRefused
from batch.journal import Change, Journal, Placing, stepping
from batch.model import OrderRecord
from batch.run import comparing, following, proof, run, sending
from batch.run.work import Failed
from batch.states import FinalState, OrderEvent, OrderState
from batch.venue.http.transport import Reply, Transport
from batch.venue.integral import client

Patches = contextlib.ExitStack


def switch_in(name: str, patches: Patches) -> None:
    """Put a bug into this process until `patches` is closed."""
    {**MUTANTS, **MUTANTS_OF_PROCESSES, **MUTANTS_OF_HOSTS}[name](patches)


def replaced(patches: Patches, owner: Any, name: str, value: Any) -> None:
    """Put something in the place of something else until `patches` is closed."""
    patches.enter_context(mock.patch.object(owner, name, value))


def wrap(patches: Patches, owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Put a function around another, which it gets as its first argument."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    replaced(patches, owner, name, wrapped)


def _next_planned(journal: Journal, batch_id: str, most: int) -> list[Placing]:
    """Look at the rows that would be claimed next, and claim none."""
    planned = itertools.islice(journal.orders(batch_id, [OrderState.PLANNED]), most)
    return [
        Placing(record.row, record.client_order_id, record.payload, record.order, uuid4().hex)
        for record in planned
        if record.client_order_id and record.payload and record.order
    ]


def _misread_failures(
    patches: Patches, misread: Callable[[BaseException], BaseException | None]
) -> None:
    def learn(original: Any, self: Any, placing: Any, answer: Any, following: Any) -> None:
        if isinstance(answer, Failed):
            answer = Failed(misread(answer.error) or answer.error)
        original(self, placing, answer, following)

    wrap(patches, sending.Sending, "learn", learn)


def claim_after_post(patches: Patches) -> None:
    """Hand out the call, and commit its claim after that."""

    def make(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        claim = self._sending.claim

        def claim_and_send(most: int) -> list[object]:
            if most > 0 and self._sending.has_more():
                for placing in _next_planned(self._journal, self._batch_id, most):
                    self._place(placing)
                claim(most)
            return []

        self._sending.claim = claim_and_send

    wrap(patches, run.Run, "__init__", make)


def claim_not_committed(patches: Patches) -> None:
    """Write claims down only together with the answers."""
    kept: list[Change] = []

    def claim(
        original: Any,
        self: Journal,
        batch_id: str,
        most: int,
        now: datetime,
        changes: Sequence[Change] = (),
    ) -> list[Placing]:
        if changes:
            self.apply(batch_id, changes, now)
        rows = {change.row for change in kept}
        found = _next_planned(self, batch_id, most + len(rows))
        placings = [placing for placing in found if placing.row not in rows][:most]
        kept.extend(placing.claimed(now) for placing in placings)
        return placings

    def apply(
        original: Any, self: Journal, batch_id: str, changes: Sequence[Change], now: datetime
    ) -> None:
        waiting, kept[:] = list(kept), []
        original(self, batch_id, [*waiting, *changes], now)

    def begin(original: Any, *args: Any, **kwargs: Any) -> None:
        kept.clear()  # it was the memory of another process
        original(*args, **kwargs)

    wrap(patches, Journal, "claim", claim)
    wrap(patches, Journal, "apply", apply)
    wrap(patches, run.Run, "__init__", begin)


def blind_resend_after_timeout(patches: Patches) -> None:
    """Take a missing answer for a request that never left."""
    _misread_failures(
        patches, lambda e: NotDelivered(str(e)) if isinstance(e, OutcomeUnknown) else None
    )


def missing_answer_is_refusal(patches: Patches) -> None:
    """Take a 500, and all else that says nothing, for a refusal."""
    _misread_failures(
        patches,
        lambda e: VenueRefused(str(e), status=400) if isinstance(e, OutcomeUnknown) else None,
    )


def server_error_is_not_processed(patches: Patches) -> None:
    """Take a 5xx for the word that nothing was processed."""

    def read(original: Any, self: Any, reply: Reply, client_order_id: str) -> Any:
        if reply.status >= 500:
            raise NotDelivered(f"HTTP {reply.status}", request_id=reply.request_id)
        return original(self, reply, client_order_id)

    wrap(patches, client.Venue, "_read_placing", read)


def not_found_is_not_placed(patches: Patches) -> None:
    """Believe every venue that what it does not find it does not hold."""

    def proves(original: Any, self: Any, order: Any) -> bool:
        order.fence_at = order.missed_at = float("-inf")
        self.control.has_held = True
        return bool(original(self, order))

    replaced(patches, proof.Proof, "obstacle", lambda *_: "")
    wrap(patches, proof.Proof, "proves", proves)


def absent_once_is_enough(patches: Patches) -> None:
    """Send again what was not found a single time, whenever that was."""

    def proves(original: Any, self: Any, order: Any) -> bool:
        order.fence_at = order.missed_at = float("-inf")
        return bool(original(self, order))

    wrap(patches, proof.Proof, "proves", proves)


def fence_is_not_waited_for(patches: Patches) -> None:
    """Count an absence while a request may still be on its way."""

    def proves(original: Any, self: Any, order: Any) -> bool:
        order.fence_at = float("-inf")
        return bool(original(self, order))

    wrap(patches, proof.Proof, "proves", proves)


def placing_logs_in(patches: Patches) -> None:
    """Log in wherever an order is about to leave without a login that lives."""

    def place(original: Any, self: client.Venue, *args: Any) -> Any:
        if not self.can_place():
            self.login()
            if (lease := self.offered()) is not None:
                self.use(lease)
        return original(self, *args)

    wrap(patches, client.Venue, "place", place)


def new_client_id_at_retry(patches: Patches) -> None:
    """Make a new client ID for what is sent again."""

    rows: set[int] = set()

    def put_back(original: Any, self: Any, row: int, **more: Any) -> None:
        rows.add(row)
        original(self, row, **more)

    def claim(original: Any, *args: Any) -> list[Placing]:
        return [rename(placing) if placing.row in rows else placing for placing in original(*args)]

    def rename(placing: Placing) -> Placing:
        fresh = f"{placing.client_order_id}-retry"
        payload = placing.payload.replace(placing.client_order_id, fresh)
        return replace(placing, client_order_id=fresh, payload=payload)

    wrap(patches, sending.Sending, "put_back", put_back)
    wrap(patches, sending.Sending, "claim", claim)


def any_answer_is_ours(patches: Patches) -> None:
    """Record a server ID without looking which order the answer is about."""

    def read(original: Any, data: object, request_id: str) -> Any:
        return replace(original(data, request_id), client_order_id="")

    wrap(patches, client, "read_order", read)


def every_found_order_is_ours(patches: Patches) -> None:
    """Take over what is found under a client ID without comparing it."""
    replaced(patches, comparing, "difference", lambda *_: "")


def claimed_row_is_sent_again(patches: Patches) -> None:
    """Take what a dead process left on its way for what was never sent."""

    def take_up(original: Any, self: Any, record: OrderRecord, **more: Any) -> None:
        if record.state is not OrderState.SENDING:
            original(self, record, **more)
            return
        self._recorder.record(Change(record.row, OrderState.SENDING, OrderEvent.RELEASED))
        self._recorder.commit()

    wrap(patches, following.Following, "take_up", take_up)


def claimed_row_is_not_sent(patches: Patches) -> None:
    """Report as not sent what may be on its way."""
    patches.enter_context(
        mock.patch.dict(states._REPORTED, {OrderState.SENDING: FinalState.NOT_SENT})
    )


def claims_are_not_counted(patches: Patches) -> None:
    """Claim a row without looking whether it was there to be claimed."""

    def apply(original: Any, *args: Any, **named: Any) -> None:
        with contextlib.suppress(JournalError):
            original(*args, **named)

    wrap(patches, stepping, "apply_changes", apply)


def throttled_row_is_sent_in_two_copies(patches: Patches) -> None:
    """Put a row back twice after a 429, and do not count claims."""

    def learn(original: Any, self: Any, placing: Any, answer: Any, following: Any) -> None:
        original(self, placing, answer, following)
        if isinstance(answer, Failed) and isinstance(answer.error, Throttled):
            throttled.add(placing.client_order_id)
        elif placing.client_order_id in throttled:
            throttled.remove(placing.client_order_id)
            copies.append(placing)

    def claim(original: Any, self: Any, most: int) -> list[Placing]:
        claimed: list[Placing] = original(self, most)
        while copies:
            claimed.append(copies.pop())
            self.on_their_way[claimed[-1].row] = claimed[-1]
        return claimed

    def begin(original: Any, *args: Any, **kwargs: Any) -> None:
        throttled.clear()  # it was the memory of another process
        copies.clear()
        original(*args, **kwargs)

    throttled: set[str] = set()
    copies: list[Placing] = []
    wrap(patches, run.Run, "__init__", begin)
    wrap(patches, sending.Sending, "learn", learn)
    wrap(patches, sending.Sending, "claim", claim)
    claims_are_not_counted(patches)


def edited_sheet_is_sent_whole(patches: Patches) -> None:
    """Plan rows that another batch has sent as if they were new."""
    from batch.plan import exposures

    replaced(patches, exposures, "is_exposure", lambda *_: False)
    replaced(patches, exposures, "holds_something", lambda *_: False)


def redirect_is_followed(patches: Patches) -> None:
    """Post an order once more, to wherever the answer points."""

    def send(original: Any, self: Transport, request: Any, *more: Any) -> Reply:
        reply: Reply = original(self, request, *more)
        if location := reply.headers.get("Location"):
            request.url = location
            # It keeps to one host, whatever a request says.
            self._adapter._pool = None
            reply = original(self, request, *more)
            self._adapter._pool = None
        return reply

    wrap(patches, Transport, "send", send)


def adapter_retries(patches: Patches) -> None:
    """Let the HTTP library repeat what it could not finish."""

    def make(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        retry = Retry(total=3, allowed_methods=None)
        original(self, *args, **{**kwargs, "max_retries": retry})

    wrap(patches, HTTPAdapter, "__init__", make)


def batch_is_not_held(patches: Patches) -> None:
    """Let two processes at the same batch, and do not count claims."""
    replaced(patches, Journal, "hold", lambda *_: contextlib.nullcontext())
    claims_are_not_counted(patches)


MUTANTS: Mapping[str, Callable[[Patches], None]] = {
    mutant.__name__: mutant
    for mutant in (
        claim_after_post,
        claim_not_committed,
        blind_resend_after_timeout,
        missing_answer_is_refusal,
        server_error_is_not_processed,
        not_found_is_not_placed,
        absent_once_is_enough,
        fence_is_not_waited_for,
        new_client_id_at_retry,
        any_answer_is_ours,
        every_found_order_is_ours,
        claimed_row_is_sent_again,
        claimed_row_is_not_sent,
        edited_sheet_is_sent_whole,
    )
}
"""Bugs that the histories must find."""

MUTANTS_OF_PROCESSES: Mapping[str, Callable[[Patches], None]] = {
    mutant.__name__: mutant
    for mutant in (
        claim_not_committed,
        claimed_row_is_sent_again,
        redirect_is_followed,
        adapter_retries,
        batch_is_not_held,
    )
}
"""Bugs that real processes at a venue behind sockets must show."""

MUTANTS_OF_HOSTS: Mapping[str, Callable[[Patches], None]] = {
    mutant.__name__: mutant for mutant in (placing_logs_in, fence_is_not_waited_for)
}
"""Bugs that show when a host wakes up after another one has taken its batch over."""
