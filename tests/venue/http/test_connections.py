"""When a connection may be used again, and what closing it must do to a request in doubt."""

from __future__ import annotations

import gzip
import json
import threading
import zlib

import pytest

from batch.errors import OutcomeUnknown, VenueAway
from tests.venue.conftest import PAYLOAD, PLACED, Connect, Serve
from tests.venue.sockets import Peer, Request, answer

NEW = {**PLACED, "status": "NEW"}


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n" * 30,
    ],
    ids=["100", "102", "103", "many"],
)
def test_fault_26_interim_answers_are_read_past(
    connect: Connect, serve: Serve, interim: bytes
) -> None:
    server = serve(lambda peer, _: peer.send(interim + answer(202, json.dumps(PLACED).encode())))
    venue = connect(server.url)

    placed = [venue.place(PAYLOAD, "b1-2", f"req-{n}").server_order_id for n in range(2)]

    assert placed == ["77", "77"]
    assert server.connections == 1


def test_fault_26_interim_answers_without_end_meet_the_deadline(
    connect: Connect, serve: Serve
) -> None:
    def drip(peer: Peer, request: Request) -> None:
        while True:
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")

    with pytest.raises(OutcomeUnknown):
        connect(serve(drip).url, deadline_s=0.3).place(PAYLOAD, "b1-2", "req-1")


def test_fault_28_an_answer_with_anothers_request_id_is_no_answer_and_ends_the_connection(
    connect: Connect, serve: Serve
) -> None:
    ids = iter(["another", "req-2"])
    server = serve(lambda peer, _: peer.answer(202, PLACED, X_Request_ID=next(ids)))
    venue = connect(server.url)

    with pytest.raises(OutcomeUnknown, match="the answer to another request"):
        venue.place(PAYLOAD, "b1-2", "req-1")
    assert venue.place(PAYLOAD, "b1-2", "req-2").server_order_id == "77"

    # The login's, and the one after the answer that was not ours.
    assert server.connections == 2


def test_fault_28_an_answer_about_another_order_ends_the_connection(
    connect: Connect, serve: Serve
) -> None:
    answers = iter([{**PLACED, "coId": "b1-9"}, PLACED])
    server = serve(lambda peer, _: peer.answer(202, next(answers)))
    venue = connect(server.url)

    with pytest.raises(OutcomeUnknown, match="an answer about another order"):
        venue.place(PAYLOAD, "b1-2", "req-1")
    venue.place(PAYLOAD, "b1-2", "req-2")

    assert server.connections == 2


def test_fault_28_a_question_answered_about_another_order_ends_the_connection(
    connect: Connect, serve: Serve
) -> None:
    answers = iter([{**NEW, "orderId": "78"}, NEW])
    server = serve(lambda peer, _: peer.answer(200, next(answers)))
    venue = connect(server.url)

    with pytest.raises(VenueAway):
        venue.query("77")
    assert venue.query("77") is not None

    assert server.connections == 2


class Watcher:
    """A script that answers nothing, and tells how the connection ended."""

    def __init__(self, patience_s: float = 5.0) -> None:
        self._patience_s = patience_s
        self.ended = threading.Event()
        self.how: BaseException | bytes | None = None

    def __call__(self, peer: Peer, request: Request) -> None:
        peer.sock.settimeout(self._patience_s)
        try:
            self.how = peer.sock.recv(1)
        except OSError as error:
            self.how = error
        self.ended.set()


def test_fault_25_a_request_that_is_given_up_is_reset_so_that_nothing_more_of_it_leaves(
    connect: Connect, serve: Serve
) -> None:
    watcher = Watcher()

    with pytest.raises(OutcomeUnknown):
        connect(serve(watcher).url, deadline_s=0.3).place(PAYLOAD, "b1-2", "req-1")

    assert watcher.ended.wait(5)
    assert isinstance(watcher.how, ConnectionResetError)


def test_an_answered_connection_is_closed_in_order(connect: Connect, serve: Serve) -> None:
    watcher = Watcher()

    def answer_and_watch(peer: Peer, request: Request) -> None:
        peer.answer(202, PLACED)
        watcher(peer, request)

    venue = connect(serve(answer_and_watch).url)
    venue.place(PAYLOAD, "b1-2", "req-1")
    venue.close()

    assert watcher.ended.wait(5)
    assert watcher.how == b""


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_packed_answer_is_read(connect: Connect, serve: Serve, pack: object) -> None:
    assert callable(pack)
    body = pack(json.dumps(PLACED).encode())
    encoding = "gzip" if pack is gzip.compress else "deflate"
    server = serve(lambda peer, _: peer.send(answer(202, body, Content_Encoding=encoding)))

    assert connect(server.url).place(PAYLOAD, "b1-2", "req-1").server_order_id == "77"


def test_a_bomb_is_given_up_before_it_is_unpacked(connect: Connect, serve: Serve) -> None:
    bomb = gzip.compress(b" " * 64 * 1024 * 1024)
    server = serve(lambda peer, _: peer.send(answer(202, bomb, Content_Encoding="gzip")))

    with pytest.raises(OutcomeUnknown, match="more than 1048576 bytes"):
        connect(server.url).place(PAYLOAD, "b1-2", "req-1")


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_an_encoding_that_cannot_be_unpacked_is_no_answer(
    connect: Connect, serve: Serve, encoding: str
) -> None:
    body = json.dumps(PLACED).encode()
    server = serve(lambda peer, _: peer.send(answer(202, body, Content_Encoding=encoding)))

    with pytest.raises(OutcomeUnknown, match="cannot be unpacked"):
        connect(server.url).place(PAYLOAD, "b1-2", "req-1")


def test_the_list_of_active_orders_may_be_longer_than_one_order(
    connect: Connect, serve: Serve
) -> None:
    orders = [{**NEW, "orderId": str(n), "note": "x" * 100} for n in range(10_000)]
    server = serve(lambda peer, _: peer.answer(200, orders))
    venue = connect(server.url)

    assert len(venue.active()) == 10_000
    with pytest.raises(VenueAway, match="more than 1048576 bytes"):
        venue.find("b1-2")
