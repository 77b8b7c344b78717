"""An alarm, seen from the desk: in the exit code, the report and what is told, until it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batch.cli.summary import closing_words
from batch.desk import Desk, Outcome, RunningOptions, Submission, Verdict
from batch.desk.telling import message_of
from batch.journal import Journal
from batch.simulator import Simulator, parse_fault
from batch.states import BatchEvent, OrderState
from tests.desk.test_desk import venue
from tests.desk.test_once import FILLED, ONE_BY_ONE, LaterClock, Office, Told

__all__ = ["venue"]

WORDS = "row 2: the venue holds 2 orders under its client order ID"


@pytest.fixture
def office(tmp_path: Path, venue: Simulator) -> Office:
    return Office(tmp_path, venue, LaterClock(), Told())


def batch_of(outcome: Outcome) -> str:
    batch = outcome.batches[0].batch
    assert batch is not None
    return batch.batch_id


def alarm(office: Office, batch_id: str) -> None:
    """Put an alarm about the first row on record, as a run does."""
    with Journal.open(str(office.folder / "journal.db")) as journal:
        journal.note(batch_id, BatchEvent.ALARM, WORDS, office.clock.now(), row=2)


def server_id(office: Office, batch_id: str) -> str:
    with Journal.open(str(office.folder / "journal.db")) as journal:
        order = journal.order(batch_id, 2)
    assert order is not None and order.server_order_id is not None
    return order.server_order_id


def desk_of(office: Office) -> Desk:
    return Desk(office.settings(), clock=office.clock, listener=office.told)


def test_a_finished_batch_with_an_alarm_ends_with_5_until_a_person_has_looked(
    office: Office,
) -> None:
    sheet = office.sheet(FILLED)
    first = office.submit(sheet)
    batch_id = batch_of(first)
    alarm(office, batch_id)

    outcomes = [office.submit(sheet), office.submit(sheet), desk_of(office).resume(batch_id)]
    resolved = desk_of(office).resolve(batch_id, 2, server_id(office, batch_id))

    assert first.verdict is Verdict.DONE
    assert [outcome.verdict for outcome in outcomes] == [Verdict.UNKNOWN] * 3
    assert resolved.verdict is Verdict.DONE
    assert office.submit(sheet).verdict is Verdict.DONE
    assert office.posts == 1


def test_the_rest_of_a_batch_stays_here_while_an_alarm_stands(office: Office) -> None:
    office.venue.add_fault(parse_fault("status=503:place:after=1"))
    sheet = office.sheet(*[FILLED.replace("100000", f"10000{n}") for n in range(9)])
    first = office.submit(sheet, Submission(running=ONE_BY_ONE))
    office.venue.clear_faults()
    batch_id, unsent = batch_of(first), first.batches[0].states[OrderState.PLANNED]
    alarm(office, batch_id)
    posts = office.posts

    outcomes = [office.submit(sheet), desk_of(office).resume(batch_id, ONE_BY_ONE)]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.UNKNOWN] * 2
    assert office.posts == posts
    words = closing_words(outcomes[0].batches[0])
    assert "Sending stopped early: an alarm of an earlier run stands" in words
    assert "Nothing more of this batch is sent before that." in words
    desk_of(office).resolve(batch_id, 2, server_id(office, batch_id))
    desk_of(office).resume(batch_id, RunningOptions(wait_s=0.5))
    assert office.posts == posts + unsent


def test_the_summary_says_the_alarm_and_how_it_ends_and_not_that_nothing_is_left(
    office: Office,
) -> None:
    sheet = office.sheet(FILLED)
    batch_id = batch_of(office.submit(sheet))
    alarm(office, batch_id)

    words = closing_words(office.submit(sheet).batches[0])

    assert f"ALARM: {WORDS}." in words
    assert "as a sheet to mend" not in words, "every row is filled"
    assert f"orderbatch resolve {batch_id} 2 --placed SERVER_ID" in words
    assert "nothing left to do" not in words


def test_a_report_says_the_alarm_and_not_that_nobody_is_needed(office: Office) -> None:
    sheet = office.sheet(FILLED)
    batch_id = batch_of(office.submit(sheet))
    page = office.folder / "page.html"
    desk_of(office).report(batch_id, [page])
    assert "Nothing needs a person" in page.read_text()
    alarm(office, batch_id)

    desk_of(office).report(batch_id, [page])

    text = page.read_text()
    assert f"ALARM: {WORDS}. A person must look." in text
    assert "Nothing needs a person" not in text


def test_a_list_of_batches_and_the_day_tell_of_the_alarm(office: Office) -> None:
    batch_id = batch_of(office.submit(office.sheet(FILLED)))
    desk, page = desk_of(office), office.folder / "day.json"
    calm = desk.day(reports=[page], ask_venue=False)
    alarm(office, batch_id)

    listed = desk.batches().batches[0]
    shown = desk.show(batch_id).batches[0]
    day = desk.day(reports=[page], ask_venue=False)

    assert calm.verdict is Verdict.DONE and day.verdict is Verdict.UNKNOWN
    assert [one.words for one in listed.alarms] == [WORDS] == list(shown.background.alarms)
    assert json.loads(page.read_text())["alarms"] == [
        f"Batch {batch_id}: ALARM: {WORDS}. A person must look."
    ]


def test_whoever_is_told_of_the_run_is_told_of_the_alarm(office: Office) -> None:
    sheet = office.sheet(FILLED)
    alarm(office, batch_of(office.submit(sheet)))

    message = message_of(office.submit(sheet))

    assert f"ALARM: {WORDS}." in message.text
    assert not message.is_clean
    assert json.loads(json.dumps(message.document))["batches"][0]["alarms"] == [WORDS]
