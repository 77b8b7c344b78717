"""The desk from a program: no command line, no terminal, an outcome for whatever happens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.clock import SystemClock
from batch.config import Settings, application_folder
from batch.desk import Desk, RunningOptions, Silence, Submission, Verdict
from batch.desk.folder import QUIET_S
from batch.desk.verdict import Interrupted, WrongUsage, most_serious, verdict_on
from batch.errors import Advice, BatchError, ConfigError, JournalError
from batch.simulator import Simulator, SimulatorOptions
from batch.states import FinalState

HEADER = "symbol,side,size,price,time_in_force\n"
FILLED = "EUR/USD,Buy,100000,1.2,IOC\n"
EXPIRED = "EUR/USD,Buy,100001,1.0,IOC\n"
OPEN = "EUR/USD,Buy,100002,1.0,GTC\n"


class Notebook(Silence):
    """Writes down what it is told, and says yes to what it is asked."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []

    def say(self, words: str, *advice: object) -> None:
        self.said.append(words)

    def ask(self, question: object) -> bool:
        self.asked.append(str(question))
        return True


@pytest.fixture
def venue() -> Iterator[Simulator]:
    with Simulator(SimulatorOptions(time_scale=10)) as simulator:
        yield simulator


@pytest.fixture
def settings(venue: Simulator, tmp_path: Path) -> Settings:
    login = {"url": venue.url, "user": "ops", "password": "s3cret-pass", "org": "DESK"}
    return Settings.model_validate({"venue": login, "journal": str(tmp_path / "journal.db")})


def sheet(folder: Path, *lines: str) -> Path:
    path = folder / "orders.csv"
    path.write_text(HEADER + "".join(lines))
    return path


def test_an_outcome_says_what_a_submit_came_to(settings: Settings, tmp_path: Path) -> None:
    outcome = Desk(settings).submit([sheet(tmp_path, FILLED, EXPIRED)])

    assert outcome.verdict is Verdict.NOT_ALL_FILLED
    assert outcome.counts == {FinalState.FILLED: 1, FinalState.EXPIRED: 1}
    assert [path.parent for path in outcome.reports] == [tmp_path]
    assert outcome.error is None and outcome.problems == ()


def test_practice_needs_none_of_the_venues_certificates(settings: Settings, tmp_path: Path) -> None:
    venue = settings.venue.model_copy(update={"ca_bundle": tmp_path / "not-there.pem"})
    desk = Desk(Settings(venue=venue), simulated=True)

    assert desk.submit([sheet(tmp_path, FILLED)]).verdict is Verdict.DONE


def test_a_bundle_without_certificates_ends_the_run_before_anything_is_asked(
    settings: Settings, venue: Simulator, tmp_path: Path
) -> None:
    path = sheet(tmp_path, FILLED)
    bundled = settings.venue.model_copy(update={"ca_bundle": path})

    outcome = Desk(settings.model_copy(update={"venue": bundled})).submit([path])

    assert outcome.verdict is Verdict.CANNOT_START
    assert "venue ca_bundle: expected a file of certificates (PEM" in str(outcome.error)
    assert list(venue.requests.exchanges) == []


def test_a_refusal_is_an_outcome_with_its_advice(settings: Settings, tmp_path: Path) -> None:
    desk = Desk(settings)
    desk.submit([sheet(tmp_path, FILLED)])

    outcome = desk.submit([sheet(tmp_path, FILLED, EXPIRED)])

    assert outcome.verdict is Verdict.REFUSED
    assert outcome.error is not None and "were not sent before" in str(outcome.error)
    assert outcome.batches == ()


def test_a_bad_sheet_is_an_outcome_with_its_problems(settings: Settings, tmp_path: Path) -> None:
    outcome = Desk(settings).submit([sheet(tmp_path, "EUR/USD,Buy,-3,1.2,IOC\n")])

    assert outcome.verdict is Verdict.REFUSED
    assert [(problem.row, problem.found) for problem in outcome.problems] == [(2, "-3")]


def test_what_cannot_start_is_an_outcome(tmp_path: Path) -> None:
    def broken() -> Settings:
        raise ConfigError("no settings today.")

    outcome = Desk(broken).submit([sheet(tmp_path, FILLED)])

    assert outcome.verdict is verdict_on(ConfigError("x"))
    assert str(outcome.error) == "no settings today."


def test_nobody_is_asked_unless_that_is_wanted(settings: Settings, tmp_path: Path) -> None:
    notebook = Notebook()
    path = sheet(tmp_path, FILLED)

    assert Desk(settings).submit([path], Submission(asks=True)).verdict is Verdict.INTERRUPTED
    outcome = Desk(settings, listener=notebook).submit([path], Submission(asks=True))

    assert outcome.verdict is Verdict.DONE
    assert len(notebook.asked) == 1 and "Send 1 order as ops of DESK" in notebook.asked[0]
    assert any("1 order to send" in words for words in notebook.said)


def test_the_whole_life_of_a_batch(settings: Settings, venue: Simulator, tmp_path: Path) -> None:
    desk = Desk(settings)
    (sent,) = desk.submit(
        [sheet(tmp_path, FILLED, OPEN)], Submission(running=RunningOptions(wait_s=0))
    ).batches
    assert sent.verdict is Verdict.STILL_OPEN and sent.batch is not None
    name = sent.batch.batch_id

    assert desk.resume(name, RunningOptions(wait_s=0)).verdict is Verdict.STILL_OPEN
    assert desk.cancel(name).counts == {FinalState.FILLED: 1, FinalState.CANCELLED: 1}
    assert desk.report(name, [tmp_path / "again.csv"]).reports == (tmp_path / "again.csv",)
    (mended,) = desk.correct(name, tmp_path / "mend.csv").reports
    assert mended.read_text().count("\n") == 2
    assert [b.batch.batch_id for b in desk.batches().batches if b.batch] == [name]
    with desk.open_journal() as journal:
        assert journal.batch(name).batch.row_count == 2
    refused = desk.resolve(name, 2, False)
    assert refused.verdict is Verdict.REFUSED
    assert venue.ledger.posts == 2


def test_rows_are_listed_where_they_are_asked_for(settings: Settings, tmp_path: Path) -> None:
    how = Submission(running=RunningOptions(list_orders=True))

    (result,) = Desk(settings).submit([sheet(tmp_path, FILLED)], how).batches

    assert [order.row for order in result.orders] == [2]


def test_a_folder_is_one_batch_a_sheet(settings: Settings, tmp_path: Path) -> None:
    class Hasty(SystemClock):
        def sleep(self, seconds: float) -> None:
            assert seconds == QUIET_S

    folder = tmp_path / "in"
    folder.mkdir()
    sheet(folder, FILLED)
    (folder / "bad.csv").write_text(HEADER + "EUR/USD,Hold,1,1,IOC\n")

    outcome = Desk(settings, clock=Hasty()).submit([folder])

    assert [result.verdict for result in outcome.batches] == [Verdict.REFUSED, Verdict.DONE]
    assert "Hold" in (folder / "failed" / "bad.csv.why.txt").read_text()


def test_what_contradicts_itself_is_wrong_usage(settings: Settings, tmp_path: Path) -> None:
    outcome = Desk(settings).submit([tmp_path, tmp_path])

    assert outcome.verdict is Verdict.USAGE
    assert isinstance(outcome.error, WrongUsage)


def test_an_unknown_batch_is_named_with_what_may_be_done(settings: Settings) -> None:
    for outcome in (Desk(settings).resume("nosuch"), Desk(settings).report("nosuch")):
        assert outcome.error is not None and "nosuch" in str(outcome.error)


def test_verdicts_on_errors() -> None:
    assert verdict_on(Interrupted("x")) is Verdict.INTERRUPTED
    assert verdict_on(BatchError("x")) is Verdict.FAULT
    assert verdict_on(JournalError("x", advice=Advice.LIST_BATCHES)).value in (6, 78)


def test_the_desk_loads_neither_click_nor_rich() -> None:
    script = (
        "import sys, importlib, pkgutil, batch.desk\n"
        "from batch.desk import Desk, Outcome\n"
        "for found in pkgutil.iter_modules(batch.desk.__path__):\n"
        "    importlib.import_module(f'batch.desk.{found.name}')\n"
        "print([name for name in ('click', 'rich') if name in sys.modules])\n"
        "from click import get_app_dir\n"
        "from batch.config import application_folder\n"
        "print(get_app_dir('orderbatch') == str(application_folder()))\n"
    )

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert out.stdout.splitlines() == ["[]", "True"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    import batch.desk

    with pytest.raises(AttributeError, match="nosuch"):
        batch.desk.nosuch  # noqa: B018
    assert all(getattr(batch.desk, name) for name in batch.desk.__all__)


def test_the_settings_are_where_click_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    monkeypatch.setattr(sys, "platform", "linux")
    assert application_folder() == Path("/somewhere/orderbatch")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert application_folder().parts[-3:] == ("Library", "Application Support", "orderbatch")


def test_the_most_serious_verdict_of_several_counts() -> None:
    order = [70, 5, 78, 6, 130, 4, 3, 1, 0]

    while order:
        assert most_serious([Verdict(code) for code in reversed(order)]) == order.pop(0)
