"""No command writes over what it reads, over another of its files, or over what is not its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import FILLED, Office

HOSTILE_ID = "symbol,side,size,price,time_in_force,client_order_id\nEUR/USD,Buy,5,1.2,IOC,{}\n"


def submit(desk: Office, *arguments: object, name: str = "orders.csv") -> tuple[int, str]:
    call = desk.call("submit", name, "--yes", *arguments)
    return call.code, call.err


def links(desk: Office) -> dict[str, Path]:
    """Give the order sheet's other names."""
    sheet, folder = desk.sheet(FILLED), desk.folder
    os.link(sheet, folder / "hard.csv")
    (folder / "soft.csv").symlink_to(sheet)
    (folder / "sub").mkdir()
    return {
        "itself": sheet,
        "relative": Path("orders.csv"),
        "around": Path("sub/../orders.csv"),
        "hard link": folder / "hard.csv",
        "symbolic link": folder / "soft.csv",
    }


@pytest.mark.parametrize("option", ["--report", "--corrections", "--log-file"])
def test_sheet_is_no_target_by_any_name(desk: Office, venue: Simulator, option: str) -> None:
    names = links(desk)
    before = names["itself"].read_bytes()

    for what, name in names.items():
        code, err = submit(desk, option, name, "--force" if option != "--log-file" else "--keep")
        assert code not in (0, 70), what
        assert "order sheet" in err and "overwrite" in err, what
        assert names["itself"].read_bytes() == before
    code, err = submit(desk, "--report", "{sheet}.csv")
    assert code not in (0, 70) and "found an order sheet" in err
    assert not venue.ledger.orders


@pytest.mark.parametrize("option", ["--report", "--corrections", "--log-file"])
def test_journal_and_settings_are_no_targets(
    desk: Office, venue: Simulator, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sheet(FILLED)
    config = desk.folder / "config.csv"
    config.write_text('[venue]\npassword_file = "secret.csv"\n')
    password = desk.folder / "secret.csv"
    password.write_text("s3cret-pass")
    password.chmod(0o600)
    monkeypatch.delenv("ORDERBATCH_PASSWORD")
    journal = desk.folder / "journal.csv"
    files = {"the journal": journal, "the settings": config, "the password file": password}
    if option == "--log-file":
        del files["the password file"]

    for what, path in files.items():
        before = path.read_bytes() if path.exists() else None
        code, err = submit(desk, option, path, "--config", config, "--journal", journal)
        assert code not in (0, 70), what
        assert f"found {what}" in err, err
        if before is not None:
            assert path.read_bytes() == before
    for ending in ("-wal", "-shm"):
        if option == "--log-file":
            name = f"{journal}{ending}"
            code, err = submit(desk, option, name, "--journal", journal)
            assert code not in (0, 70) and "found the journal" in err
    assert not venue.ledger.orders


def test_two_targets_are_two_files(desk: Office, venue: Simulator) -> None:
    desk.sheet(FILLED)

    for targets in (
        ("--report", "out.csv", "--report", "./out.csv"),
        ("--report", "out.csv", "--corrections", "OUT.csv"),
        ("--report", "log.csv", "--log-file", "log.csv"),
        ("--report", "log.csv.1", "--log-file", "log.csv"),
    ):
        code, err = submit(desk, *targets)
        assert code not in (0, 70), targets
        assert "which it would overwrite" in err or "another ending" in err, err
    assert not venue.ledger.orders


def test_two_sheets_of_one_name_do_not_share_a_report(desk: Office, venue: Simulator) -> None:
    (desk.folder / "a").mkdir()
    (desk.folder / "b").mkdir()
    desk.sheet(FILLED, name="a/eod.csv")
    desk.sheet(FILLED, name="b/eod.csv", first_size=7)

    call = desk.call("submit", "a/eod.csv", "b/eod.csv", "--yes", "--report", "{sheet}.json")
    good = desk.call(
        "submit", "a/eod.csv", "b/eod.csv", "--yes", "--report", "{sheet}-{batch}.json"
    )

    assert call.code not in (0, 70)
    assert "found a report" in call.err
    assert good.code == 0
    assert len(venue.ledger.orders) == 2


def test_sheet_of_dots_writes_no_folder_up(desk: Office) -> None:
    (desk.folder / "out" / "__").mkdir(parents=True)
    desk.sheet(FILLED, name="...csv")

    call = desk.call("submit", "...csv", "--yes", "--report", "out/{sheet}/r.csv")

    assert call.code == 0
    assert (desk.folder / "out" / "__" / "r.csv").exists()
    assert not (desk.folder / "r.csv").exists()


@pytest.mark.parametrize("suffix", [".csv", ".json", ".xlsx", ".html"])
def test_what_was_not_made_for_this_batch_stays_unless_forced(
    desk: Office, venue: Simulator, suffix: str
) -> None:
    desk.sheet(FILLED)
    target = desk.folder / f"results{suffix}"
    target.write_text("a person's own")

    code, err = submit(desk, "--report", target)

    assert code not in (0, 70)
    assert (
        f"{target}: is there already and was not made by orderbatch for this; name another" in err
    )
    assert "--force" in err
    assert not venue.ledger.orders
    assert target.read_text() == "a person's own"
    assert submit(desk, "--report", target, "--force")[0] == 0
    assert target.read_bytes() != b"a person's own"


@pytest.mark.parametrize("suffix", [".csv", ".json", ".xlsx", ".html"])
def test_same_name_serves_a_batch_again_and_no_other(
    desk: Office, venue: Simulator, suffix: str
) -> None:
    desk.sheet(FILLED)
    target = desk.folder / f"results{suffix}"

    first = desk.call("submit", "orders.csv", "--yes", "--report", target)
    again = desk.call("submit", "orders.csv", "--yes", "--report", target)
    (batch,) = desk.call("batches", "--json").json["batches"]
    once_more = desk.call("report", batch["id"], "--report", target)
    desk.sheet(FILLED, first_size=77)
    before = target.read_bytes()
    tomorrow = desk.call("submit", "orders.csv", "--yes", "--report", target)
    forced = desk.call("submit", "orders.csv", "--yes", "--report", target, "--force")

    assert [first.code, again.code, once_more.code, forced.code] == [0, 0, 0, 0]
    assert [call.out.strip() for call in (first, again, once_more, forced)] == [str(target)] * 4
    assert tomorrow.code not in (0, 70)
    assert "--force" in tomorrow.err
    assert target.read_bytes() != before
    assert len(venue.ledger.orders) == 2


def test_default_name_serves_a_batch_again(desk: Office) -> None:
    desk.sheet(FILLED)

    first = desk.call("submit", "orders.csv", "--yes")
    again = desk.call("submit", "orders.csv", "--yes")
    (batch,) = desk.call("batches", "--json").json["batches"]
    report = desk.call("report", batch["id"])

    assert first.out == again.out == report.out
    assert len(list(desk.folder.glob("*-results-*"))) == 1


def test_no_command_writes_through_a_link(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)
    behind = desk.folder / "behind"
    behind.write_text("precious")
    commands: list[Callable[[Path], tuple[object, ...]]] = [
        lambda link: ("submit", sheet, "--yes", "--force", "--report", link),
        lambda link: ("submit", sheet, "--yes", "--force", "--corrections", link),
        lambda link: ("submit", sheet, "--yes", "--log-file", link),
        lambda link: ("check", sheet, "--force", "--annotate", link),
        lambda link: ("template", link, "--force"),
    ]
    for number, command in enumerate(commands):
        link = desk.folder / f"link-{number}.xlsx"
        link.symlink_to(behind)
        call = desk.call(*command(link))
        assert call.code not in (0, 70), number
        assert "symbolic link" in call.err, number
        assert behind.read_text() == "precious"
        assert link.is_symlink()
    assert not venue.ledger.orders


def test_default_name_that_is_a_planted_link_is_not_followed(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(FILLED)
    dry = desk.call("submit", sheet, "--dry-run")
    batch = dry.err.split("batch ")[1].split(",")[0]
    behind = desk.folder / "behind"
    behind.write_text("precious")
    (desk.folder / f"orders-results-{batch}.xlsx").symlink_to(behind)

    call = desk.call("submit", sheet, "--yes")

    assert call.code not in (0, 70)
    assert f"orders-results-{batch}.xlsx" in "".join(call.err.split())
    assert behind.read_text() == "precious"
    assert not venue.ledger.orders


def test_marked_copy_serves_again_until_somebody_mends_in_it(office: Office) -> None:
    sheet = office.sheet("EUR/USD,Hold,5,1.2,IOC\n")

    assert [office.call("check", sheet, "--annotate", "m.xlsx").code for _ in range(2)] == [3, 3]
    other = office.sheet("EUR/USD,Hold,5,1.2,IOC\n", name="other.csv")
    refused = office.call("check", other, "--annotate", "m.xlsx")

    assert refused.code == 3
    assert '"Hold"' in refused.out
    assert "holds the problems of orders.csv" in refused.err
    assert office.call("check", other, "--annotate", "m.xlsx", "--force").code == 3
    assert "The marked sheet" in office.call("check", other, "--annotate", "m.xlsx").err


@pytest.mark.parametrize("identity", ["=A-5", "-6", "+7", "@8"])
def test_id_that_begins_with_a_sign_is_sent_as_it_is_and_refused_in_a_csv(
    desk: Office, venue: Simulator, identity: str
) -> None:
    Path("orders.csv").write_text(HOSTILE_ID.format(identity))

    for option, name in (("--report", "r.csv"), ("--corrections", "c.csv")):
        code, err = submit(desk, option, name)
        assert code not in (0, 70)
        assert (
            f'found "{identity}" in row 2, client_order_id; name a file that ends in .xlsx' in err
        )
        assert not venue.ledger.orders
    assert submit(desk, "--report", "r.json", "--report", "r.xlsx")[0] == 0

    (order,) = json.loads(Path("r.json").read_text())["orders"]
    assert order["client_order_id"] == identity


def test_long_name_of_a_sheet_gives_names_that_fit(desk: Office) -> None:
    name = "\u6771" * 82 + ".csv"
    desk.sheet(FILLED, name=name)

    call = desk.call("submit", name, "--yes")
    named = desk.call("submit", name, "--yes", "--report", "{sheet}-of-{batch}.json")

    assert (call.code, named.code) == (0, 0)
    (written,) = desk.folder.glob("*-results-*.xlsx")
    assert len(os.fsencode(written.name)) <= 255
    (in_json,) = desk.folder.glob("*-of-*.json")
    assert len(os.fsencode(in_json.name)) <= 255


def test_log_goes_on_in_its_own_file_and_in_no_other(desk: Office) -> None:
    desk.sheet(FILLED)
    mine = desk.folder / "mine.txt"
    mine.write_text("my notes\n")

    codes = [submit(desk, "--log-file", "run.log")[0] for _ in range(2)]
    in_json = [submit(desk, "--log-file", "j.log", "--log-format", "json")[0] for _ in range(2)]
    code, err = submit(desk, "--log-file", mine)

    assert codes == in_json == [0, 0]
    assert code not in (0, 70)
    assert "expected a log of orderbatch, or a new name, found another file" in err
    assert mine.read_text() == "my notes\n"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_new_files_are_read_by_nobody_else(desk: Office) -> None:
    desk.sheet(FILLED)
    before = os.umask(0o022)
    try:
        submit(desk, "--log-file", "run.log", "--report", "r.csv", "--report", "r.xlsx")
    finally:
        os.umask(before)

    for name in ("run.log", "r.csv", "r.xlsx"):
        assert (desk.folder / name).stat().st_mode & 0o007 == 0, name


def test_report_of_a_day_replaces_no_other_file_unless_forced(desk: Office) -> None:
    desk.sheet(FILLED)
    submit(desk)
    mine = desk.folder / "day.json"
    mine.write_text("mine")
    journal = desk.folder / "journal.json"

    refused = desk.call("day", "--report", mine)
    no_target = desk.call("day", "--report", journal, "--journal", journal)

    assert refused.code not in (0, 70) and "--force" in refused.err
    assert mine.read_text() == "mine"
    assert no_target.code not in (0, 70) and "found the journal" in no_target.err
    assert desk.call("day", "--report", mine, "--force").code == 0
    assert json.loads(mine.read_text())


@pytest.mark.parametrize(
    "options",
    [
        ("--corrections", "c.json"),
        ("--report", "x.pdf"),
        ("--report", "x.csv", "--report", "x.csv"),
        ("--report", "x.csv", "--report", "./X.csv"),
        ("--report", "x.csv", "--corrections", "x.csv"),
        ("--thousands", "."),
        ("--thousands", "xx"),
        ("--decimal", "comma", "--thousands", ","),
    ],
)
def test_values_of_options_that_cannot_be_are_wrong_usage_and_nothing_is_sent(
    desk: Office, venue: Simulator, options: tuple[str, ...]
) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", *options)

    assert call.code == 2
    assert "expected " in call.err and "found " in call.err
    assert venue.ledger.posts == 0
    assert [path.name for path in desk.folder.iterdir()] == ["orders.csv"]


@pytest.mark.parametrize(
    "words",
    [
        ("check", "orders.csv", "--annotate", "marked.csv"),
        ("check", "orders.csv", "--thousands", "."),
        ("template", "blank.txt"),
        ("day", "--report", "day.pdf"),
    ],
)
def test_so_it_is_with_every_command(desk: Office, words: tuple[str, ...]) -> None:
    desk.sheet(FILLED)

    assert desk.call(*words).code == 2


def test_a_target_that_is_an_input_is_no_matter_of_usage(desk: Office) -> None:
    desk.sheet(FILLED)

    assert desk.call("submit", "orders.csv", "--yes", "--report", "orders.csv").code == 78
