"""Once, whoever sends it, whenever, and however it is spelled: counted at the venue's ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from batch.clock import SystemClock
from batch.config import Settings
from batch.desk import Desk, Outcome, RunningOptions, Submission, Verdict
from batch.errors import Advice, BatchError, ConfigError, GateError
from batch.simulator import Simulator, parse_fault
from batch.states import OrderState
from tests.desk.test_desk import HEADER, Notebook, venue

__all__ = ["venue"]

FILLED = "EUR/USD,Buy,100000,1.2,IOC\n"
EXPIRED = "EUR/USD,Buy,100000,1.0,IOC\n"
OPEN = "EUR/USD,Buy,100000,1.0,GTC\n"


class LaterClock(SystemClock):
    """A clock that can be set forward."""

    later = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.later


class Told(Notebook):
    """Writes down warnings, too."""

    def __init__(self) -> None:
        super().__init__()
        self.warned: list[str] = []

    def warn(self, words: str, *advice: object) -> None:
        self.warned.append(words)


@dataclass
class Office:
    """A desk's folder, its settings, and the venue's ledger."""

    folder: Path
    venue: Simulator
    clock: LaterClock
    told: Told

    def sheet(self, *lines: str, name: str = "orders.csv") -> Path:
        path = self.folder / name
        path.write_text(HEADER + "".join(lines))
        return path

    def settings(self, **tables: object) -> Settings:
        login = {
            "url": self.venue.url,
            "user": "ops",
            "password": "s3cret-pass",
            "org": "DESK",
            **tables.pop("venue", {}),  # type: ignore[dict-item]
        }
        journal = tables.pop("journal", str(self.folder / "journal.db"))
        return Settings.model_validate({"venue": login, "journal": journal, **tables})

    def submit(
        self,
        sheet: Path,
        how: Submission | None = None,
        settings: Settings | None = None,
    ) -> Outcome:
        desk = Desk(settings or self.settings(), clock=self.clock, listener=self.told)
        return desk.submit([sheet], how or Submission(running=RunningOptions(wait_s=0.5)))

    @property
    def posts(self) -> int:
        return self.venue.ledger.posts


@pytest.fixture
def office(tmp_path: Path, venue: Simulator) -> Office:
    return Office(tmp_path, venue, LaterClock(), Told())


def run(key: str, **options: object) -> Submission:
    running = RunningOptions(wait_s=0.5)
    return Submission(run=key, running=running, **options)  # type: ignore[arg-type]


ONE_BY_ONE = RunningOptions(wait_s=0.5, max_in_flight=1)


def how(duplicates: str) -> Submission:
    return Submission(duplicates=duplicates, running=ONE_BY_ONE)  # type: ignore[arg-type]


def refusal(outcome: Outcome) -> BatchError:
    assert outcome.verdict is Verdict.REFUSED
    assert isinstance(outcome.error, GateError)
    return outcome.error


# Run keys


def test_the_same_content_under_one_key_is_sent_once_and_repeats_its_result(
    office: Office,
) -> None:
    sheet = office.sheet(FILLED, EXPIRED)

    first = office.submit(sheet, run("monday"))
    second = office.submit(sheet, run("monday"))

    assert (first.verdict, second.verdict) == (Verdict.NOT_ALL_FILLED, Verdict.NOT_ALL_FILLED)
    assert office.posts == 2
    assert any("its result is repeated" in words for words in office.told.warned)


def test_another_key_is_another_batch_whose_rows_are_no_duplicates(office: Office) -> None:
    sheet = office.sheet(FILLED, FILLED)

    outcomes = [office.submit(sheet, run(key)) for key in ("monday", "tuesday", "monday")]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.DONE] * 3
    assert office.posts == 4
    names = [outcome.batches[0].batch for outcome in outcomes]
    assert [name and name.run_key for name in names] == ["monday", "tuesday", "monday"]


def test_the_trading_day_stands_in_a_key(office: Office) -> None:
    settings = office.settings(batch={"run": "eod-{date}", "day_starts": "17:00 America/New_York"})
    sheet = office.sheet(FILLED)

    office.submit(sheet, settings=settings)
    office.submit(sheet, settings=settings)
    office.clock.later = timedelta(hours=24)
    office.submit(sheet, settings=settings)

    assert office.posts == 2


@pytest.mark.parametrize("key", ["", "a b", "{day}", "x" * 41])
def test_a_key_of_other_letters_is_wrong_usage(office: Office, key: str) -> None:
    outcome = office.submit(office.sheet(FILLED), run(key))

    assert outcome.verdict is Verdict.USAGE
    assert office.posts == 0


def test_an_equal_order_of_another_run_that_is_still_open_refuses(office: Office) -> None:
    sheet = office.sheet(OPEN)
    office.submit(sheet, run("monday"))
    office.clock.later = timedelta(days=3)

    words = str(refusal(office.submit(sheet, run("tuesday"))))
    again = office.submit(sheet, run("tuesday", duplicates="send"))
    retried = office.submit(sheet, run("tuesday", duplicates="send"))

    assert "OPEN, in batch" in words and "(run monday) row 2" in words
    assert again.verdict is retried.verdict is Verdict.STILL_OPEN
    assert office.posts == 2


def test_without_a_key_what_any_run_sent_in_a_day_counts(office: Office) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet, run("monday"))

    assert "(run monday) row 2" in str(refusal(office.submit(sheet)))
    assert office.posts == 1


def test_a_key_after_a_run_without_one_sends_once_more_and_says_so(office: Office) -> None:
    sheet = office.sheet(FILLED, FILLED)
    office.submit(sheet)

    outcome = office.submit(sheet, run("second"))

    assert outcome.verdict is Verdict.DONE
    assert office.posts == 4
    (words,) = [words for words in office.told.warned if "without a run key" in words]
    assert "2 rows equal orders" in words and "as run second they are sent once more" in words


def test_a_key_from_the_companion_file_counts(office: Office) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet, run("monday"))
    (office.folder / "orders.csv.toml").write_text('run = "tuesday"\n')

    outcome = office.submit(sheet)

    assert outcome.verdict is Verdict.DONE
    assert office.posts == 2


# A standing sheet, a stale one


def test_within_a_day_a_sheet_without_a_key_repeats_its_result_and_says_so(
    office: Office,
) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet)
    office.clock.later = timedelta(hours=23)

    outcome = office.submit(sheet)

    assert outcome.verdict is Verdict.DONE
    assert office.posts == 1
    assert any("its result is repeated" in words for words in office.told.warned)


@pytest.mark.parametrize("line", [FILLED, EXPIRED, OPEN])
def test_a_sheet_of_yesterday_without_a_key_is_refused(office: Office, line: str) -> None:
    sheet = office.sheet(line)
    office.submit(sheet)
    office.clock.later = timedelta(hours=25)

    error = refusal(office.submit(sheet))

    assert "a standing sheet of a new day, or a stale file" in str(error)
    advice = [hint.advice for hint in error.advice]
    assert Advice.NAME_RUN in advice and Advice.REPORT_OF in advice
    assert (Advice.RESUME in advice) == (line == OPEN)
    assert office.posts == 1


def test_the_way_out_for_a_standing_sheet_is_one(office: Office) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet)
    office.clock.later = timedelta(hours=25)

    assert office.submit(sheet, run("{date}")).verdict is Verdict.DONE
    assert office.posts == 2


# Equal rows, old orders


def test_a_row_that_filled_beside_its_refused_twin_is_not_sent_again(office: Office) -> None:
    office.venue.add_fault(parse_fault("status=400:place:first=1"))
    office.submit(office.sheet(FILLED, FILLED), Submission(running=ONE_BY_ONE))
    mended = FILLED.replace("1.2", "1.21")

    error = refusal(office.submit(office.sheet(mended, FILLED)))

    assert "found 1 that were:\n  row 3:" in str(error)
    assert office.posts == 2
    skipping = Submission(duplicates="skip", running=ONE_BY_ONE)
    assert office.submit(office.sheet(mended, FILLED), skipping).verdict is Verdict.NOT_ALL_FILLED
    assert office.posts == 3


def test_of_equal_rows_only_those_beyond_what_was_sent_leave(office: Office) -> None:
    office.submit(office.sheet(FILLED, FILLED))

    outcome = office.submit(office.sheet(FILLED, FILLED, FILLED), how("skip"))

    assert outcome.batches[0].states == {OrderState.SKIPPED: 2, OrderState.FILLED: 1}
    assert office.posts == 3


@pytest.mark.parametrize("duplicates", ["refuse", "skip"])
def test_an_order_that_is_open_counts_after_a_day(office: Office, duplicates: str) -> None:
    office.submit(office.sheet(OPEN))
    office.clock.later = timedelta(days=30)

    # Another price of another row makes it another sheet.
    edited = office.sheet(OPEN, FILLED)
    office.submit(edited, how(duplicates))

    assert office.posts == (1 if duplicates == "refuse" else 2)


# Spellings and colleagues


@pytest.mark.parametrize("spelled", ["HTTP://{host}", "http://{host}/", "http://{upper}"])
def test_another_spelling_of_the_venue_is_the_same_login(office: Office, spelled: str) -> None:
    sheet = office.sheet(FILLED)
    host = office.venue.url.removeprefix("http://")
    url = spelled.format(host=host, upper=host.upper())
    office.submit(sheet)

    outcome = office.submit(sheet, settings=office.settings(venue={"url": url}))

    assert outcome.verdict is Verdict.DONE
    assert office.posts == 1


@pytest.mark.parametrize("changed", [{"user": " ops "}, {"org": "DESK "}])
def test_blanks_around_a_name_are_no_other_login(office: Office, changed: object) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet)

    office.submit(sheet, settings=office.settings(venue=changed))

    assert office.posts == 1


@pytest.mark.parametrize("changed", [{"user": "OPS"}, {"org": "desk"}])
def test_a_login_in_other_letters_is_refused_for_good(office: Office, changed: object) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet)

    outcome = office.submit(sheet, settings=office.settings(venue=changed))

    assert outcome.verdict is Verdict.CANNOT_START
    assert isinstance(outcome.error, ConfigError)
    assert "which differs in capital letters alone" in str(outcome.error)
    assert office.posts == 1


def test_what_a_colleague_of_the_org_sent_counts_and_names_the_colleague(office: Office) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet, settings=office.settings(venue={"user": "ana"}))

    error = refusal(office.submit(sheet))

    assert "of ana row 2" in str(error)
    assert office.posts == 1


# What is checked is what is sent


def test_a_reading_that_changed_refuses_and_names_both(office: Office) -> None:
    path = office.folder / "orders.csv"
    path.write_text(
        "symbol,side,size,price,time_in_force,limit2\nEUR/USD,Buy,100000,1.0,GTC,1.01\n"
    )
    plain = office.settings(sheet={"ignore": ["limit2"]})
    office.submit(path, settings=plain)
    dealt = office.settings(sheet={"ignore": ["limit2"], "defaults": {"currency": "USD"}})

    error = refusal(office.submit(path, settings=dealt))

    assert "row 2: planned with currency EUR, read now with currency USD" in str(error)
    assert office.posts == 1


def test_a_reading_that_changed_and_was_put_back_goes_on(office: Office) -> None:
    sheet = office.sheet(OPEN)
    office.submit(sheet)
    dealt = office.settings(sheet={"defaults": {"currency": "USD"}})
    refusal(office.submit(sheet, settings=dealt))

    assert office.submit(sheet).verdict is Verdict.STILL_OPEN
    assert office.posts == 1


def test_the_limits_hold_what_leaves(office: Office) -> None:
    # 5,000,000 would leave under a limit of 100 if the limits held another reading.
    office.venue.add_fault(parse_fault("status=503:place"))
    sheet = office.sheet("EUR/USD,Buy,5000000,1.0,GTC\n" * 9)
    office.submit(sheet, Submission(running=ONE_BY_ONE))
    office.venue.clear_faults()
    posts = office.posts
    limited = office.settings(
        limits={"per_order": {"EUR": 100}}, sheet={"defaults": {"note": "another reading"}}
    )

    refusal(office.submit(sheet, settings=limited))

    assert office.posts == posts


# Another journal


def test_results_that_the_journal_knows_nothing_of_refuse(office: Office) -> None:
    sheet = office.sheet(FILLED)
    office.submit(sheet)

    outcome = office.submit(sheet, settings=office.settings(journal=str(office.folder / "b.db")))

    error = refusal(outcome)
    assert "another journal has sent this sheet" in str(error)
    assert "-results-" in str(error)
    assert office.posts == 1


def test_results_of_another_batch_do_not_refuse(office: Office) -> None:
    office.submit(office.sheet(FILLED))

    edited = office.sheet(FILLED.replace("100000", "200000"))
    assert office.submit(edited).verdict is Verdict.DONE


def test_two_sheets_of_one_command_that_share_an_order_are_refused_before_any_is_sent(
    office: Office,
) -> None:
    sheets = [office.sheet(FILLED, name="a.csv"), office.sheet(FILLED, EXPIRED, name="b.csv")]

    outcome = Desk(office.settings(), clock=office.clock).submit(sheets)

    assert "b.csv, row 2: expected orders that no other sheet of this command sends" in str(
        refusal(outcome)
    )
    assert office.posts == 0


def test_what_was_not_sent_is_replaced_by_the_new_reading_as_the_refusal_says(
    office: Office,
) -> None:
    impatient = {"settle_s": 0.2}
    office.venue.add_fault(parse_fault("status=503:place"))
    sheet = office.sheet(*[FILLED.replace("100000", f"10000{n}") for n in range(9)])
    first = office.submit(sheet, Submission(running=ONE_BY_ONE), office.settings(venue=impatient))
    office.venue.clear_faults()
    batch = first.batches[0].batch
    assert batch is not None
    unsent = first.batches[0].states[OrderState.PLANNED]
    dealt = office.settings(venue=impatient, sheet={"defaults": {"currency": "USD"}})
    error = refusal(office.submit(sheet, settings=dealt))
    assert f"{unsent} rows of it are not sent yet" in str(error)
    assert [hint.advice for hint in error.advice] == [Advice.REPLACE_READING]

    desk = Desk(dealt, clock=office.clock)
    desk.correct(batch.batch_id, office.folder / "rest.csv")
    outcome = office.submit(office.folder / "rest.csv", settings=dealt)

    # In dollars it is the other side of the market.
    assert outcome.batches[0].states == {OrderState.EXPIRED: unsent}
    assert desk.resume(batch.batch_id).verdict is Verdict.UNKNOWN
    assert len(office.venue.ledger.orders) == unsent
