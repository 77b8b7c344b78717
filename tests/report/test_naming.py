"""Names of reports: one for each sheet, none above the folder that was named."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.report.naming import default_name, has_placeholder, target_paths


def names(report: str, sheet: str) -> str:
    (path,) = target_paths([Path(report)], Path(sheet), "k3vz7q2m")
    return str(path)


def test_default_stands_beside_the_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert target_paths([], Path("eod.xlsx"), "k3vz7q2m") == [
        tmp_path / "eod-results-k3vz7q2m.xlsx"
    ]
    assert target_paths([tmp_path], Path("in/eod.xlsx"), "k3vz7q2m") == [
        tmp_path / "eod-results-k3vz7q2m.xlsx"
    ]


def test_placeholders_are_filled_in_wherever_they_stand() -> None:
    assert names("out/{sheet}/{batch}.csv", "in/eod.csv") == "out/eod/k3vz7q2m.csv"
    assert names("{sheet}-{sheet}.json", "eod.csv") == "eod-eod.json"
    assert names("fixed.json", "eod.csv") == "fixed.json"


def test_sheet_that_is_named_like_a_placeholder_is_not_filled_in_again() -> None:
    assert names("{sheet}.csv", "{batch}.csv") == "{batch}.csv"


@pytest.mark.parametrize("sheet", ["...csv", "..", ".", "... .csv"])
def test_sheet_of_dots_leads_to_no_other_folder(sheet: str) -> None:
    path = Path(names("out/{sheet}/report.csv", sheet))

    assert path.parts[0] == "out"
    assert len(path.parts) == 3
    assert ".." not in path.parts


@pytest.mark.parametrize("stem", ["x" * 251, "\u00e9" * 125, "\u6771" * 83])
@pytest.mark.parametrize("report", ["{sheet}-of-{batch}.csv", "{sheet}/{sheet}{sheet}.json"])
def test_long_name_of_a_sheet_is_shortened(stem: str, report: str, tmp_path: Path) -> None:
    path = tmp_path / names(report, f"{stem}.csv")

    assert all(len(part.encode()) <= 255 for part in path.parts)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert len(default_name(Path(f"{stem}.csv"), "k3vz7q2m").encode()) <= 255
    assert default_name(Path(f"{stem}.csv"), "k3vz7q2m").endswith("-results-k3vz7q2m.xlsx")


def test_long_name_that_a_person_chose_is_theirs() -> None:
    assert names("x" * 300, "eod.csv") == "x" * 300


def test_name_with_a_placeholder_is_another_for_each_sheet() -> None:
    assert has_placeholder(Path("{sheet}/report.csv"))
    assert has_placeholder(Path("report-{batch}.csv"))
    assert not has_placeholder(Path("report-{day}.csv"))
