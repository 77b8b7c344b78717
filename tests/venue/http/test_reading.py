"""Short plain answers are read at once, as the libraries would read them; all others are theirs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from batch.venue.http.call import DeadlinePassed, call
from batch.venue.http.reading import Ahead, ShortAnswer, read_answer, read_slowly
from batch.venue.http.socket_io import receive, send_whole, unblock
from tests.venue.sockets import answer

BODY = b'{"orderId": "77"}'
PLAIN = answer(202, BODY, X_Request_ID="req-1", Set_Cookie="a=b")

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        unblock(ours)
        call.ends_at = time.monotonic() + 5
        yield ours, theirs


def slowly(sock: socket.socket, ahead: Ahead) -> urllib3.HTTPResponse:
    read, _ = read_slowly(sock, "GET", "/v2/orders/77", ahead, 5.0)
    return read


def test_a_plain_answer_is_read_at_once_and_as_the_libraries_read_it(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(PLAIN)

    read = read_answer(ours, 5.0)

    assert isinstance(read, ShortAnswer)
    theirs.sendall(PLAIN)
    known = slowly(ours, Ahead())
    assert (read.status, list(read.headers.items())) == (known.status, list(known.headers.items()))
    assert b"".join(read.stream(100)) == known.read() == BODY


@given(cuts=st.lists(st.integers(1, len(PLAIN) - 1), max_size=5))
def test_a_plain_answer_is_whole_however_it_is_cut(cuts: list[int]) -> None:
    call.ends_at = time.monotonic() + 5
    ours, theirs = socket.socketpair()
    with ours, theirs:
        unblock(ours)
        places = [0, *sorted(cuts), len(PLAIN)]
        pieces = [PLAIN[a:b] for a, b in pairwise(places)]
        sender = threading.Thread(target=_send_each, args=(theirs, pieces))
        sender.start()

        read = read_answer(ours, 5.0)

        sender.join()
        assert isinstance(read, ShortAnswer)
        assert b"".join(read.stream(100)) == BODY


ODD = {
    "interim": b"HTTP/1.1 102 Processing\r\n\r\n" + PLAIN,
    "old": PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "closing": answer(202, BODY, Connection="close"),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "two lengths": PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Length: 17\r\n\r\n"),
    "no length": b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n" + BODY,
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +17\r\n\r\n" + BODY,
    "more than its length": PLAIN + b"x",
    "a folded line": PLAIN.replace(b"\r\n\r\n", b"\r\nA: b\r\n c\r\n\r\n"),
    "a blank before the colon": PLAIN.replace(b"\r\n\r\n", b"\r\nA : b\r\n\r\n"),
    "bare line ends": PLAIN.replace(b"\r\n", b"\n"),
    "no answer": b"\x15\x03\x01\r\n\r\n",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_what_is_not_plain_is_left_to_the_libraries_from_its_first_byte(
    pair: Pair, odd: bytes
) -> None:
    ours, theirs = pair
    theirs.sendall(odd)
    theirs.shutdown(socket.SHUT_WR)

    read = read_answer(ours, 5.0)

    assert isinstance(read, Ahead)
    assert read.data == odd


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_whatever_its_length_says_is_left_to_the_libraries(
    pair: Pair, status: int
) -> None:
    ours, theirs = pair
    theirs.sendall(answer(status, BODY)[: -len(BODY)])

    read = read_answer(ours, 5.0)

    assert isinstance(read, Ahead)
    assert slowly(ours, read).read() == b""


@pytest.mark.parametrize("kept", [10, len(PLAIN) - 5], ids=["head", "body"])
def test_an_answer_that_is_cut_off_is_left_to_the_libraries_which_miss_the_rest(
    pair: Pair, kept: int
) -> None:
    ours, theirs = pair
    theirs.sendall(PLAIN[:kept])
    theirs.shutdown(socket.SHUT_WR)

    read = read_answer(ours, 5.0)

    assert isinstance(read, Ahead)
    with pytest.raises(Exception, match=r"IncompleteRead|BadStatusLine|HTTP/1\.1"):
        slowly(ours, read).read()


def test_an_error_in_the_middle_is_told_where_the_rest_is_wanted(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(PLAIN[:-5])
    call.ends_at = time.monotonic() + 0.05

    read = read_answer(ours, None)

    assert isinstance(read, Ahead)
    assert isinstance(read.end, DeadlinePassed)
    response = slowly(ours, read)
    assert response.status == 202
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        response.read()


def test_a_wait_ends_with_the_deadline_or_its_own_time_whichever_comes_first(pair: Pair) -> None:
    ours, _ = pair

    with pytest.raises(TimeoutError) as caught:
        receive(ours, 10, 0.01)
    call.ends_at = time.monotonic()
    with pytest.raises(DeadlinePassed):
        receive(ours, 10, 5.0)

    assert not isinstance(caught.value, DeadlinePassed)


def test_what_does_not_fit_into_the_network_waits_for_room(pair: Pair) -> None:
    ours, theirs = pair
    data = bytes(5_000_000)
    got: list[int] = []

    def drain() -> None:
        while sum(got) < len(data):
            got.append(len(theirs.recv(1_000_000)))

    reader = threading.Thread(target=drain)
    reader.start()
    send_whole(ours, data, 5.0)
    reader.join()

    assert sum(got) == len(data)


def test_a_network_without_room_meets_the_deadline(pair: Pair) -> None:
    ours, _ = pair
    call.ends_at = time.monotonic() + 0.05

    with pytest.raises(DeadlinePassed):
        send_whole(ours, bytes(50_000_000), 5.0)


def _send_each(sock: socket.socket, pieces: list[bytes]) -> None:
    for piece in pieces:
        sock.sendall(piece)
