"""The script of faults: its syntax, whom it strikes, and what then arrives at the client."""

from __future__ import annotations

import http.client
import json
import threading
import time
from email.utils import parsedate_to_datetime

import pytest

from batch.errors import ConfigError
from batch.simulator import FAULT_HELP, Fault, FaultKind, parse_fault
from batch.simulator.faults import OPERATIONS, FaultScript
from tests.simulator.client import Client
from tests.simulator.conftest import Start, SteppedClock


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop-reply:place:2%", Fault(FaultKind.DROP_REPLY, "place", probability=0.02)),
        ("401:any:first=3", Fault(FaultKind.STATUS, "any", "401", count=3)),
        ("503", Fault(FaultKind.STATUS, "any", "503")),
        ("delay=0.5:find:nth=4", Fault(FaultKind.DELAY, "find", "0.5", count=1, after=3)),
        ("html:query:every=10:after=5", Fault(FaultKind.HTML, "query", every=10, after=5)),
        ("cut:place:50%:seed=7", Fault(FaultKind.CUT, "place", probability=0.5, seed=7)),
        ("late=30:place:id=A-1", Fault(FaultKind.LATE, "place", "30", client_id="A-1")),
        (
            "not-found:find:first=2:per-order",
            Fault(FaultKind.NOT_FOUND, "find", count=2, per_order=True),
        ),
        ("retry-after=date+5:place", Fault(FaultKind.RETRY_AFTER, "place", "date+5")),
        (
            "redirect=307:place:location=http://x:1/y",
            Fault(FaultKind.REDIRECT, "place", "307", location="http://x:1/y"),
        ),
    ],
)
def test_a_line_of_the_script_is_read(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    "text",
    [
        "",
        "explode:place",
        "drop-reply:submit",
        "drop-reply:place:often",
        "drop-reply:place:first=x",
        "drop-reply:place:nth=0",
        "drop-reply:place:every=0",
        "drop-reply:place:x%",
        "drop-reply:place:200%",
        "drop-reply=5:place",
        "delay:place",
        "delay=soon:place",
        "delay=inf:place",
        "not-found=-1:find",
        "status:place",
        "status=999:place",
        "999:place",
        "redirect=307:place",
        "retry-after=date+x:place",
    ],
)
def test_a_line_that_cannot_be_read_says_what_was_expected(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^fault: expected .*, found"):
        parse_fault(text)


def test_the_help_names_every_kind_and_operation() -> None:
    assert [kind for kind in FaultKind if kind not in FAULT_HELP] == []
    assert [operation for operation in OPERATIONS if operation not in FAULT_HELP] == []


def strikes(text: str, subjects: list[str]) -> str:
    """Say whom a fault strikes, as a picture."""
    script = FaultScript()
    script.add(parse_fault(text))
    return "".join("x" if script.strike("place", subject) else "." for subject in subjects)


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        ("cut:place", "xxxxxx"),
        ("cut:any", "xxxxxx"),
        ("cut:find", "......"),
        ("cut:place:first=2", "xx...."),
        ("cut:place:nth=3", "..x..."),
        ("cut:place:every=2", ".x.x.x"),
        ("cut:place:after=4", "....xx"),
        ("cut:place:id=B", ".x.x.x"),
        ("cut:place:first=1:per-order", "xx...."),
        ("cut:place:nth=2:per-order", "..xx.."),
        ("cut:place:0%", "......"),
    ],
)
def test_a_selector_chooses_whom_a_fault_strikes(text: str, picture: str) -> None:
    assert strikes(text, ["A", "B"] * 3) == picture


def test_chance_follows_its_seed() -> None:
    subjects = ["A"] * 1000

    first = strikes("cut:place:20%", subjects)

    assert first == strikes("cut:place:20%", subjects)
    assert first != strikes("cut:place:20%:seed=1", subjects)
    assert 150 < first.count("x") < 250


@pytest.mark.parametrize(
    ("fault", "error", "taken"),
    [
        ("reset-before:place", ConnectionResetError, 0),
        ("drop-before:place", http.client.RemoteDisconnected, 0),
        ("reset-after:place", ConnectionResetError, 1),
        ("drop-reply:place", http.client.RemoteDisconnected, 1),
        ("cut:place", http.client.IncompleteRead, 1),
    ],
)
def test_a_broken_connection_looks_like_one_and_the_ledger_knows_the_truth(
    start: Start, fault: str, error: type[Exception], taken: int
) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault(fault))

    with pytest.raises(error) as caught:
        client.place()

    # RemoteDisconnected is a ConnectionResetError to Python, too; on the wire they differ.
    assert type(caught.value) is error
    assert len(simulator.ledger.orders) == taken
    assert simulator.ledger.posts == 1


@pytest.mark.parametrize(
    ("fault", "status", "taken"),
    [
        ("401:place", 401, 0),
        ("409:place", 409, 0),
        ("503:place", 503, 0),
        ("499:place", 499, 0),
        ("status-after=500:place", 500, 1),
        ("delay=0.01:place", 202, 1),
        ("delay-before=0.01:place", 202, 1),
    ],
)
def test_a_scripted_status_comes_before_or_after_taking_the_order(
    start: Start, fault: str, status: int, taken: int
) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault(fault))

    response = client.place()

    assert response.status == status
    assert isinstance(response.json, dict)
    assert len(simulator.ledger.orders) == taken


def test_a_bare_status_has_no_error_object(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("bare-status=403:place"))

    response = client.place()

    assert (response.status, response.body) == (403, b"")


@pytest.mark.parametrize("value", ["5", "999999"])
def test_retry_after_is_sent_as_scripted(start: Start, value: str) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault(f"retry-after={value}:place"))

    response = client.place()

    assert (response.status, response.headers["Retry-After"]) == (429, value)


def test_retry_after_can_be_a_date_by_the_server_clock(start: Start) -> None:
    simulator, client = start(clock_offset_s=3600)
    simulator.add_fault(parse_fault("retry-after=date+60:place"))

    response = client.place()

    wait = parsedate_to_datetime(response.headers["Retry-After"]) - parsedate_to_datetime(
        response.headers["Date"]
    )
    assert wait.total_seconds() == 60


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_names_its_location(start: Start, status: int) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault(f"redirect={status}:place:location=http://127.0.0.1:9/x"))

    response = client.place()

    assert (response.status, response.headers["Location"]) == (status, "http://127.0.0.1:9/x")
    assert simulator.ledger.orders == ()


def test_an_unreadable_answer_is_a_page_with_the_status_of_success(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("html:place"))

    response = client.place()

    assert (response.status, response.headers["Content-Type"]) == (202, "text/html")
    assert response.body.startswith(b"<!DOCTYPE")
    assert len(simulator.ledger.orders) == 1


def test_a_dripping_answer_comes_a_byte_at_a_time(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("drip=0.0005:place"))

    begin = time.monotonic()
    response = client.place()

    assert response.json["coId"] == "A-1"
    assert time.monotonic() - begin > 0.0005 * len(response.body)


def test_a_dripping_answer_does_not_hold_up_the_stop(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("drip=60:place"))
    client.connection.request("POST", "/v2/orders", b"{}", client.headers)
    answer = client.connection.getresponse()

    begin = time.monotonic()
    simulator.stop()

    assert time.monotonic() - begin < 1
    with pytest.raises(http.client.IncompleteRead):
        answer.read()


@pytest.mark.parametrize(
    ("fault", "name", "value"),
    [
        ("no-order-id:any", "orderId", None),
        ("other-client-id:any", "coId", "SOMEBODY-ELSES"),
        ("unknown-status:any", "status", "HALTED"),
        ("unknown-status=PARTIALLY_FILLED:any", "status", "PARTIALLY_FILLED"),
    ],
)
def test_a_damaged_answer_differs_in_just_that(
    start: Start, fault: str, name: str, value: str | None
) -> None:
    simulator, client = start()
    good = client.place("A-1").json
    simulator.add_fault(parse_fault(fault))

    placed = client.place("A-2")
    queried = client.query(good["orderId"])
    listed = client.ask("GET", "/v2/orders")

    assert placed.json.get(name) == queried.json.get(name) == value
    assert [order.get(name) for order in listed.json] == [value, value]
    assert good.keys() - queried.json.keys() <= {name}


def test_a_found_order_can_show_another_price(start: Start) -> None:
    simulator, client = start()
    placed = client.place(price=1.2)
    simulator.add_fault(parse_fault("other-price:find"))

    found = client.find("A-1")

    assert (str(placed.json["price"]), str(found.json["price"])) == ("1.2", "2.4")


def test_damage_leaves_a_refusal_as_it_is(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("other-price:place"))

    assert client.place(price=-1).json["errorCode"] == "INVALID_ORDER"


def test_a_query_can_miss_each_order_for_a_number_of_asks(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("not-found:find:first=2:per-order"))
    client.place("A-1")
    client.place("A-2")

    statuses = {
        client_order_id: [client.find(client_order_id).status for _ in range(3)]
        for client_order_id in ("A-1", "A-2")
    }

    assert statuses == {"A-1": [404, 404, 200], "A-2": [404, 404, 200]}


def test_a_query_can_miss_an_order_while_it_is_young(start: Start, clock: SteppedClock) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("not-found=3:query"))
    order_id = client.place().json["orderId"]

    young = client.query(order_id)
    clock.step(3.1)
    old = client.query(order_id)

    assert (young.status, old.status) == (404, 200)
    assert client.query("no-such-order").status == 404


def test_a_late_order_is_taken_after_its_client_has_gone(start: Start, clock: SteppedClock) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("late=30:place"))
    with Client(simulator.url, timeout_s=0.1) as impatient:
        impatient.headers = client.headers
        with pytest.raises(TimeoutError):
            impatient.place()

    before = (client.find("A-1").status, len(simulator.ledger.orders))
    quiet_before = simulator.is_quiet()
    clock.step(31)
    after = (client.find("A-1").status, len(simulator.ledger.orders))

    assert before == (404, 0)
    assert not quiet_before
    assert after == (200, 1)
    assert simulator.is_quiet()


def test_faults_can_be_bound_to_an_order_by_each_kind_of_request(start: Start) -> None:
    simulator, client = start()
    first, second = (client.place(name).json["orderId"] for name in ("A-1", "B-1"))
    simulator.add_fault(parse_fault("503:any:id=B-"))

    statuses = [
        client.query(first).status,
        client.query(second).status,
        client.find("A-1").status,
        client.find("B-1").status,
        client.ask("DELETE", f"/v2/orders/{second}").status,
        client.place("B-2").status,
        client.ask("POST", "/v2/orders", b"{").status,
        client.ask("GET", "/v2/rates/spot?symbol=EUR/USD").status,
    ]

    assert statuses == [200, 503, 200, 503, 503, 503, 400, 200]


def test_no_fault_comes_between_a_test_and_the_ledger(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("drop-before:any"))

    assert client.ask("GET", "/simulator/ledger").status == 200


def test_without_its_script_a_venue_is_well_again(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("503:place"))
    client.place()

    simulator.clear_faults()

    assert client.place().status == 202


def test_counting_holds_under_many_threads(start: Start) -> None:
    simulator, client = start()
    simulator.add_fault(parse_fault("drop-reply:place:first=5"))

    def place(number: int) -> None:
        with Client(simulator.url) as own:
            own.headers = client.headers
            try:
                own.place(f"A-{number}")
            except http.client.RemoteDisconnected:
                lost.append(number)

    lost: list[int] = []
    threads = [threading.Thread(target=place, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(lost) == 5
    assert len(simulator.ledger.orders) == simulator.ledger.posts == 16
    assert simulator.requests.count("place", 0) == 5
    assert json.loads(client.ask("GET", "/simulator/ledger").body)["duplicates"] == []
