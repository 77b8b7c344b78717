"""Rows 7 to 14: what comes back from a placing, or does not, at the level of a whole run."""

from __future__ import annotations

import socket

import pytest

from batch.simulator import Simulator
from tests.faults.conftest import FaultDesk, Open, messages, states


def test_fault_07_a_venue_that_goes_away_is_proven_unsent_and_sent_to_when_it_is_back(
    desk: FaultDesk,
) -> None:
    desk.add_faults("delay=0.05:place")
    names = [f"S{number}" for number in range(12)]
    sheet = desk.sheet(*names)

    with desk.when(lambda: desk.venue.ledger.posts >= 4, lambda: blink(desk)):
        call = desk.submit(sheet, "--max-in-flight", 1)

    # What was on its way when the line was cut is unknown; what never left is sent.
    assert call.code in (0, 5)
    assert set(states(call).values()) <= {"FILLED", "UNKNOWN"}
    assert desk.venue.ledger.duplicates() == ()
    assert list(states(call).values()).count("UNKNOWN") <= 1


def blink(desk: FaultDesk) -> None:
    """Take the venue off the network, and bring it back in a moment."""
    desk.venue.set_down(True)
    with desk.when(lambda: True, lambda: desk.venue.set_down(False)):
        pass


def test_fault_08_a_late_order_is_found_and_was_posted_once(desk: FaultDesk) -> None:
    desk.configure(settle_s=5, read_timeout_s=0.3)
    desk.add_faults("late=1.2:place:id=LATE")
    sheet = desk.sheet("A", "LATE", "B")

    call = desk.submit(sheet)

    assert states(call) == {"A": "FILLED", "LATE": "FILLED", "B": "FILLED"}
    assert desk.venue.ledger.posts == 3
    desk.require_each_once()


def test_fault_08_a_connection_that_ends_as_the_post_arrives_is_unknown_and_never_repeated(
    desk: FaultDesk,
) -> None:
    desk.add_faults(
        "drop-before:place:id=LOST1",
        "reset-before:place:id=LOST2",
        "drop-reply:place:id=TAKEN1",
        "reset-after:place:id=TAKEN2",
    )
    sheet = desk.sheet("LOST1", "A", "TAKEN1", "B", "LOST2", "C", "TAKEN2")

    call = desk.submit(sheet, "--max-in-flight", 1)

    assert call.code == 5
    found = {name: state for name, state in states(call).items() if state != "FILLED"}
    assert found == {"LOST1": "UNKNOWN", "LOST2": "UNKNOWN"}
    assert "may or may not hold" in messages(call)["LOST1"] or "no proof" in messages(call)["LOST1"]
    desk.venue.clear_faults()
    assert desk.resume().code == 5
    assert desk.venue.ledger.posts == 7


def test_fault_09_a_reply_that_cannot_be_read_is_unknown_until_asked(desk: FaultDesk) -> None:
    desk.configure(settle_s=2, read_timeout_s=0.5, deadline_s=0.5)
    kinds = ("cut", "drip=0.2", "html", "no-order-id", "other-client-id")
    desk.add_faults(*(f"{kind}:place:id=BAD{n}" for n, kind in enumerate(kinds)))
    names = [name for n, _ in enumerate(kinds) for name in (f"GOOD{n}", f"BAD{n}")]

    call = desk.submit(desk.sheet(*names), "--max-in-flight", 2)

    assert call.code == 0
    assert desk.venue.ledger.posts == len(names)
    desk.require_each_once()
    history = desk.office.call("events", desk.newest()).out
    assert history.count("found") >= len(kinds)


def test_fault_10_a_no_to_a_post_is_refused_with_the_words_of_the_venue(desk: FaultDesk) -> None:
    codes = (400, 403, 404, 422)
    desk.add_faults(*(f"status={code}:place:id=NO{code}" for code in codes))
    sheet = desk.sheet("A", *(f"NO{code}" for code in codes), "B")

    call = desk.submit(sheet)

    assert call.code == 1
    assert states(call) == {"A": "FILLED", **{f"NO{c}": "REFUSED" for c in codes}, "B": "FILLED"}
    for code in codes:
        assert f"HTTP {code}" in messages(call)[f"NO{code}"]
        assert "the simulator was told to say so" in messages(call)[f"NO{code}"]
    assert desk.venue.ledger.posts == 6


@pytest.mark.parametrize("is_taken", [True, False])
def test_fault_27_a_no_that_may_be_a_gateways_is_unknown_until_the_order_is_found(
    desk: FaultDesk, is_taken: bool
) -> None:
    desk.add_faults(
        *(["status-after=409:place:id=NO"] if is_taken else ["status=409:place:id=NO"]),
        "bare-status=404:place:id=PAGE",
    )

    call = desk.submit(desk.sheet("A", "NO", "PAGE"))

    assert call.code == 5
    assert states(call) == {
        "A": "FILLED",
        "NO": "FILLED" if is_taken else "UNKNOWN",
        "PAGE": "UNKNOWN",
    }
    asked = [e.target for e in desk.venue.requests.exchanges if e.operation == "find"]
    assert {target.partition("coId=")[2] for target in asked} == {"A", "NO", "PAGE"}
    assert desk.venue.ledger.posts == 3
    held = [entry.client_order_id for entry in desk.venue.ledger.orders]
    assert sorted(held) == (["A", "NO"] if is_taken else ["A"])


@pytest.mark.parametrize("no", ["status=408", "status=409", "status=425", "bare-status=400"])
def test_fault_27_of_a_no_that_settles_nothing_nobody_says_that_there_was_no_answer(
    desk: FaultDesk, no: str
) -> None:
    desk.add_faults(f"{no}:place:id=NO", "503:place:id=LOST")

    said = messages(desk.submit(desk.sheet("A", "NO", "LOST")))

    assert "its placing was answered with a no that may not be the venue's own" in said["NO"]
    assert "no usable answer to its placing is on record" in said["LOST"]
    for words in (said["NO"], said["LOST"]):
        assert "without an answer" not in words
        assert "no proof that the venue does not hold it" in words


@pytest.mark.parametrize("fault", ["500", "503", "drop-reply"])
def test_fault_30_a_list_of_open_orders_that_always_fails_does_no_harm(
    desk: FaultDesk, fault: str
) -> None:
    desk.add_faults(f"{fault}:active")

    sheet = desk.sheet(*"ABCDEFGH", line="EUR/USD,Buy,{size},1.2,GTC,")
    call = desk.submit(sheet, "--wait", "60s")

    assert call.code == 0
    assert desk.venue.ledger.posts == 8
    desk.require_each_once()
    history = desk.office.call("events", desk.newest()).out
    assert "\talone-not-told\t" in history and "\talone-told\t" in history


def test_fault_30_without_a_list_and_a_query_by_client_id_one_order_leaves_at_most(
    open_desk: Open,
) -> None:
    desk = open_desk(client_id_query="none")
    desk.add_faults("500:active")
    sheet = desk.sheet(*"ABCD")

    codes = [desk.submit(sheet, "--wait", "5s").code, desk.resume("--wait", "5s").code]

    assert codes == [4, 4]
    assert desk.venue.ledger.posts == 1


def test_fault_10_a_409_about_an_order_that_is_there_takes_it_over(desk: FaultDesk) -> None:
    desk.add_faults("status-after=409:place:id=HAVE")

    call = desk.submit(desk.sheet("A", "HAVE"))

    assert states(call) == {"A": "FILLED", "HAVE": "FILLED"}
    desk.require_each_once()


def test_fault_11_a_401_in_the_middle_of_16_threads_costs_one_login(open_desk: Open) -> None:
    desk = open_desk(latency_s=0.005)
    names = [f"S{number}" for number in range(120)]
    sheet = desk.sheet(*names)

    with desk.when(lambda: desk.venue.ledger.posts >= 40, desk.venue.expire_tokens):
        call = desk.submit(sheet, "--max-in-flight", 16)

    assert call.code == 0
    desk.require_each_once()
    assert desk.venue.requests.count("login") == 2
    assert desk.venue.requests.count(status=401) >= 1


def test_fault_12_every_form_of_429_is_waited_for_and_loses_nothing(desk: FaultDesk) -> None:
    desk.configure(settle_s=0.3, retry_after_cap_s=0.2)
    desk.add_faults(
        "status=429:place:nth=3",
        "retry-after=0:place:nth=6",
        "retry-after=1:place:nth=9",
        "retry-after=date+5:place:nth=12",
        "retry-after=999999:place:nth=15",
        "retry-after=soon:place:nth=18",
    )
    names = [f"S{number}" for number in range(30)]

    call = desk.submit(desk.sheet(*names), "--max-in-flight", 4)

    assert call.code == 0
    desk.require_each_once()
    assert desk.venue.requests.count("place", 429) == 6
    assert desk.venue.ledger.posts == 36


def test_fault_13_a_server_error_is_asked_about_whether_the_order_was_placed_or_not(
    desk: FaultDesk,
) -> None:
    codes = (500, 502, 503, 504)
    desk.add_faults(
        *(f"status={code}:place:id=OUT{code}" for code in codes),
        *(f"status-after={code}:place:id=IN{code}" for code in codes),
    )
    names = [f"{word}{code}" for code in codes for word in ("GOOD", "OUT", "IN")]

    call = desk.submit(desk.sheet(*names), "--max-in-flight", 1)

    assert call.code == 5
    expected = {name: "UNKNOWN" if name.startswith("OUT") else "FILLED" for name in names}
    assert states(call) == expected
    assert desk.venue.ledger.posts == len(names)
    assert desk.venue.ledger.duplicates() == ()


def test_fault_13_where_absence_is_proof_nothing_stays_unknown(open_desk: Open) -> None:
    desk = open_desk(token_lifetime_s=1.0)
    desk.configure(settle_s=3, client_id_query_covers_done_orders=True)
    desk.add_faults("status=503:place:id=OUT:first=1", "status-after=503:place:id=IN")

    call = desk.submit(desk.sheet("OUT", "A", "IN"))

    assert call.code == 0
    assert desk.venue.ledger.posts == 4
    desk.require_each_once()


def test_fault_14_a_redirect_is_never_followed(desk: FaultDesk) -> None:
    codes = (301, 302, 307, 308)
    with Simulator() as elsewhere:
        desk.add_faults(
            *(f"redirect={c}:place:id=GO{c}:location={elsewhere.url}/v2/orders" for c in codes)
        )
        names = [name for code in codes for name in (f"GOOD{code}", f"GO{code}")]

        call = desk.submit(desk.sheet(*names), "--max-in-flight", 1)

        assert elsewhere.requests.count() == 0
    assert call.code == 5
    assert {n for n, state in states(call).items() if state == "UNKNOWN"} == {
        f"GO{code}" for code in codes
    }
    assert desk.venue.ledger.posts == len(names)


def test_after_five_unanswered_placings_nothing_more_is_sent_and_the_words_say_so(
    desk: FaultDesk,
) -> None:
    desk.add_faults("drop-before:place:after=2")
    names = [f"S{number}" for number in range(20)]

    call = desk.office.call("submit", desk.sheet(*names), "--yes", "--max-in-flight", 1)

    assert call.code == 5
    assert "5 placings in a row got no answer" in call.err
    assert desk.venue.ledger.posts == 7


def test_fault_07_a_name_or_port_that_leads_nowhere_ends_the_run_before_anything(
    desk: FaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.desk.session.LOGIN_PATIENCE_S", 0.0)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ORDERBATCH_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")

        call = desk.office.call("submit", desk.sheet("A"), "--yes")

    assert call.code == 6
    assert desk.office.call("batches", "--json").json == {"batches": []}
