"""What each answer, or missing answer, means for an order; the face of the venue to the run.

A placing is one POST and ends in an order or in an exception whose type says what is known.
Questions may be asked again at will. Nothing here waits, retries or paces: that is the run's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

from pydantic import SecretStr

from batch.clock import Clock
from batch.config import VenueSettings
from batch.errors import (
    Disputed,
    LoginFailed,
    LoginNeeded,
    NotDelivered,
    OutcomeUnknown,
    Throttled,
    VenueAway,
    VenueError,
    VenueRefused,
)
from batch.escaping import shown
from batch.model import SpotRate, VenueOrder
from batch.urls import password_in
from batch.venue.http.exact import Misfit, read_json
from batch.venue.http.redaction import Secrets
from batch.venue.http.transport import MOST_BYTES, MOST_LISTED_BYTES, Lost, Reply, Transport, Unsent
from batch.venue.integral import wire
from batch.venue.integral.answers import (
    error_code,
    error_words,
    has_error_object,
    read_list,
    read_order,
    read_orders,
    read_spot_rate,
    speaks_of_duplicate,
)
from batch.venue.integral.credentials import Auth, Credential
from batch.venue.integral.signing import SignatureAuth
from batch.venue.integral.statuses import EVENTS
from batch.venue.integral.tokens import TokenAuth, discreet, not_delivered, throttled
from batch.venue.port import Lease

Answer = TypeVar("Answer")

# What servers on the way resolve before they look for anything, however it is escaped.
_PATH_SIGNS = re.compile(r"[/\\]")
_PATH_STEPS = frozenset({"", ".", ".."})


class Venue:
    """The venue's REST API for any number of threads.

    Args:
        settings: where it is and who we are.
        clock: for the token's life; the deadlines of sockets run on the machine's own clock.
        threads: how many connections are kept open at the most.

    Raises:
        ConfigError: the URL is not https (or loopback), or a proxy or bundle cannot be used.
    """

    def __init__(self, settings: VenueSettings, *, clock: Clock, threads: int = 16) -> None:
        self._clock = clock
        self._secrets = Secrets([*wire.NAMES, *EVENTS, settings.user, settings.org])
        self._secrets.add(settings.password)
        if settings.proxy is not None and (password := password_in(settings.proxy)):
            self._secrets.add(SecretStr(password))
        self._transport = Transport(
            settings, self._secrets, threads=threads, request_id_header=wire.REQUEST_ID_HEADER
        )
        self._auth: Auth = (
            SignatureAuth(settings, clock)
            if settings.auth == "hmac"
            else TokenAuth(settings, self._transport, clock, self._secrets)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def login(self) -> None:
        """Log in, unless that was done; all threads share the token.

        Raises:
            LoginFailed: the venue refused the credentials; it is not tried again.
            Throttled, NotDelivered: not logged in.
            VenueAway: no usable answer.
        """
        self._auth.login()

    def wants_login(self) -> bool:
        """Say whether a login to place with is missing or ends soon, and none is offered."""
        return self._auth.wants_login()

    def can_place(self) -> bool:
        """Say whether a login is in use for placing, and lives."""
        return self._auth.can_place()

    def offered(self) -> Lease | None:
        """Give the lease of the newest login if it is not in use for placing."""
        return self._auth.offered()

    def use(self, lease: Lease) -> None:
        """Place with the login of this lease from now on; its life is on record."""
        self._auth.use(lease)

    def lay_down(self) -> None:
        """Place with no login until one is put to use anew."""
        self._auth.lay_down()

    def dead_at(self) -> float:
        """Give the monotonic time from which nothing that was placed so far can be processed."""
        return self._auth.dead_at()

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        """Send an order once; the type of what is raised says whether it may be sent again.

        Args:
            payload: the exact JSON text, from `encode_order`.
            client_order_id: the one in the payload; an answer about another is no success.
            request_id: goes out as X-Request-ID.

        Raises:
            NotDelivered: proven unsent or not processed (Throttled: 429; LoginNeeded: 401, or no
                token is in use that lives; LoginFailed: no login will help).
            VenueRefused: any other 4xx that is the venue's own; the order is at its end.
            Disputed: a 4xx that may not be the venue's own, or may mean that it has the order
                already.
            OutcomeUnknown: everything else; ask by client ID, never send again.

        Source: venue-api, "Place an order" and "What a missing answer means".
        """
        method, path = "POST", wire.ORDERS_PATH
        self._secrets.publish(text for text in json.loads(payload).values() if type(text) is str)
        credential = self._auth.for_placing()
        failure: VenueError
        try:
            reply = self._send(method, path, request_id, payload, credential)
        except Unsent as unsent:
            failure = not_delivered(self._transport.base_url, unsent, request_id)
        except Lost as lost:
            failure = self._unknown(str(lost), client_order_id, request_id, None)
        else:
            if reply.status == 401:
                raise self._not_let_in(reply, method, path, self._auth.refused(credential))
            self._auth.worked()
            return self._read_placing(reply, client_order_id)
        raise failure

    def _read_placing(self, reply: Reply, client_order_id: str) -> VenueOrder:
        if (
            400 <= reply.status < 500
            and reply.status != 429
            and (
                reply.status in wire.DOUBTFUL_REFUSALS
                or not has_error_object(reply)
                or speaks_of_duplicate(reply)
            )
        ):
            raise self._disputed(reply, client_order_id)
        self._raise_4xx(reply, "POST", wire.ORDERS_PATH)
        failure: OutcomeUnknown
        try:
            if not 200 <= reply.status < 300:
                raise Misfit(f"HTTP {reply.status}{_in_brackets(error_words(reply))}")
            order = read_order(read_json(reply), reply.request_id)
            if order.client_order_id not in ("", client_order_id):
                # And so may the next answer on this connection be another's.
                self._transport.drop()
                raise Misfit("an answer about another order")
        except Misfit as misfit:
            failure = self._unknown(str(misfit), client_order_id, reply.request_id, reply.status)
        else:
            return order
        raise failure

    def _disputed(self, reply: Reply, client_order_id: str) -> Disputed:
        words = error_words(reply) or "without a readable reason"
        return Disputed(
            f"{self._where('POST', wire.ORDERS_PATH)}: expected the venue's own yes or no, found: "
            f"HTTP {reply.status}, {words}. That may come from something on the way, or mean that "
            f"the venue has order {client_order_id} already: ask for it, do not send it again.",
            status=reply.status,
            request_id=reply.request_id,
            error_code=error_code(reply),
        )

    def _not_let_in(
        self, reply: Reply, method: str, target: str, may_log_in: bool
    ) -> LoginNeeded | LoginFailed:
        where, words = self._where(method, target), _in_brackets(error_words(reply))
        if may_log_in:
            return LoginNeeded(
                f"{where}: the login has ended (HTTP 401{words}). The request was not processed; "
                "it is sent again after the next login.",
                status=401,
                request_id=reply.request_id,
                error_code=error_code(reply),
            )
        return LoginFailed(
            f"{where}: expected to be let in, found: HTTP 401 to fresh credentials{words}. The "
            f"request was not processed. {self._auth.advice}",
            status=401,
            request_id=reply.request_id,
            error_code=error_code(reply),
        )

    def _unknown(
        self, found: str, client_order_id: str, request_id: str, status: int | None
    ) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{self._where('POST', wire.ORDERS_PATH)}: expected the order's server ID, found: "
            f"{found}. The venue may or may not hold order {client_order_id}: ask for it, do not "
            "send it again.",
            status=status,
            request_id=request_id,
        )

    def query(self, server_order_id: str) -> VenueOrder | None:
        """Ask for one order by its server ID; None where the venue does not know it.

        Raises:
            Throttled, LoginFailed, VenueRefused, VenueAway: no answer; asking again is harmless.
        """

        def read(reply: Reply) -> VenueOrder | None:
            if _is_absent(reply):
                return None
            orders = read_orders(reply)
            if [order.server_order_id for order in orders] != [server_order_id]:
                self._transport.drop()
                raise Misfit("an answer about another order")
            return orders[0]

        return self._ask("GET", self._order_path(server_order_id), read, may_be_absent=True)

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        """Ask for orders by client ID; empty where the venue finds none.

        Whether "none" proves that there is none depends on the venue: see
        `VenueSettings.client_id_query_covers_done_orders`.

        Raises:
            Throttled, LoginFailed, VenueRefused, VenueAway: no answer; asking again is harmless.
                An answer about other orders only is no answer: such a venue does not look at the
                client ID at all, so its silence about ours means nothing.
        """

        def read(reply: Reply) -> tuple[VenueOrder, ...]:
            if _is_absent(reply):
                return ()
            orders = read_orders(reply)
            ours = tuple(order for order in orders if order.client_order_id == client_order_id)
            if orders and not ours:
                raise Misfit("orders with other client IDs only")
            return ours

        self._secrets.publish([client_order_id])
        target = f"{wire.ORDERS_PATH}?{wire.CLIENT_ID_PARAMETER}={quote(client_order_id, safe='')}"
        return self._ask("GET", target, read, may_be_absent=True)

    def active(self) -> dict[str, VenueOrder]:
        """Ask for all active orders, by server ID.

        Raises:
            Throttled, LoginFailed, VenueRefused, VenueAway: no answer; asking again is harmless.
        """

        def read(reply: Reply) -> dict[str, VenueOrder]:
            if _is_absent(reply):
                return {}
            return {order.server_order_id: order for order in read_list(reply)}

        return self._ask(
            "GET", wire.ORDERS_PATH, read, may_be_absent=True, most_bytes=MOST_LISTED_BYTES
        )

    def _order_path(self, server_order_id: str) -> str:
        """Give the path of an order.

        Raises:
            VenueAway: the server ID, even escaped, is a way to another place.
        """
        if _PATH_STEPS.intersection(_PATH_SIGNS.split(server_order_id)):
            raise VenueAway(
                f"venue {self._transport.base_url}: expected a server ID that can be asked for, "
                f'found "{shown(server_order_id)}", which as a path leads elsewhere; nothing was '
                "asked. Ask the venue's support about this order."
            )
        return f"{wire.ORDERS_PATH}/{quote(server_order_id, safe='')}"

    def cancel(self, server_order_id: str) -> None:
        """Ask the venue to cancel an order; what became of it, only a query tells.

        Raises:
            VenueRefused: the venue does not know the order, or will not cancel it.
            Throttled, LoginFailed, VenueAway: no answer; asking again is harmless.
        """
        self._ask("DELETE", self._order_path(server_order_id), lambda reply: None)

    def spot_rate(self, symbol: str) -> SpotRate:
        """Ask for the spot rate of a symbol like EUR/USD.

        Raises:
            Throttled, LoginFailed, VenueRefused, VenueAway: no answer; asking again is harmless.
        """
        target = f"{wire.SPOT_RATE_PATH}?symbol={quote(symbol, safe='')}"
        return self._ask("GET", target, lambda reply: read_spot_rate(reply, symbol))

    def _ask(
        self,
        method: str,
        target: str,
        read: Callable[[Reply], Answer],
        *,
        may_be_absent: bool = False,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Send a question and read its answer.

        Args:
            read: turns a 2xx into the answer, and a 404 too if `may_be_absent`.
        """
        request_id = uuid4().hex
        status: int | None = None
        try:
            reply = self._authorised(method, target, request_id, most_bytes)
            status = reply.status
            if not (status == 404 and may_be_absent):
                self._raise_4xx(reply, method, target)
                if not 200 <= status < 300:
                    raise Misfit(f"HTTP {status}{_in_brackets(error_words(reply))}")
            return read(reply)
        except Unsent as unsent:
            found = f"{unsent}. Check {unsent.check}"
        except (Lost, Misfit) as problem:
            found = str(problem)
        except (Throttled, LoginFailed):
            raise
        except NotDelivered as problem:
            # The login's, and to whoever asks a question it makes no difference.
            found = str(problem)
        raise VenueAway(
            f"{self._where(method, target)}: expected an answer, found: {found}. Ask again later.",
            status=status,
            request_id=request_id,
        )

    def _authorised(self, method: str, target: str, request_id: str, most_bytes: int) -> Reply:
        """Ask with a credential; after a 401 log in, and ask once more."""
        credential = self._auth.current()
        reply = self._send(method, target, request_id, "", credential, most_bytes)
        if reply.status == 401 and (fresh := self._auth.replace(credential)) is not None:
            reply = self._send(method, target, request_id, "", fresh, most_bytes)
        if reply.status != 401:
            return reply
        raise self._not_let_in(reply, method, target, may_log_in=False)

    def _send(
        self,
        method: str,
        target: str,
        request_id: str,
        body: str,
        credential: Credential,
        most_bytes: int = MOST_BYTES,
    ) -> Reply:
        reply = self._transport.send(
            self._transport.prepare(
                method, target, request_id, credential.headers(method, target, body), body
            ),
            most_bytes,
        )
        return discreet(reply, self._secrets, credential)

    def _raise_4xx(self, reply: Reply, method: str, target: str) -> None:
        if reply.status == 429:
            raise throttled(reply, self._where(method, target), self._clock.now())
        if 400 <= reply.status < 500:
            words = error_words(reply) or "without a readable reason"
            raise VenueRefused(
                f"{self._where(method, target)}: refused by the venue with HTTP {reply.status}, "
                f"{words}.",
                status=reply.status,
                request_id=reply.request_id,
                error_code=error_code(reply),
            )

    def _where(self, method: str, target: str) -> str:
        return f"venue {self._transport.base_url}: {method} {target.partition('?')[0]}"


def _is_absent(reply: Reply) -> bool:
    """Tell whether the venue says "not found".

    Raises:
        Misfit: a 404 that is no JSON, such as a gateway's page, is no word about any order.
    """
    if reply.status != 404:
        return False
    if reply.body != b"":
        read_json(reply)
    return True


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""
