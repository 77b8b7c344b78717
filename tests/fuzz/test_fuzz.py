"""Mutated sheets and settings: refused in words, or read; never a crash, a hang or a flood.

Thirty seconds by default; longer by hand:

    ORDERBATCH_FUZZ_S=1800 python -m pytest -q -m fuzz -s tests/fuzz/test_fuzz.py

What it finds is left in the folder that ORDERBATCH_FUZZ_FOUND names, and belongs into `found/`,
whose files every run of the tests reads again.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batch.config import find_password, load, require_login
from batch.errors import ConfigError, ReportError, SheetError
from batch.report import annotate
from batch.schema import validate
from batch.sheet import HiddenRows, Limits, read
from batch.sheet.companion import companion_path, read_companion
from tests.fuzz.mutation import Mutator
from tests.sheet.writing import HEADER, cells, csv_text, line, write_openpyxl, write_xlsxwriter

SECONDS = float(os.environ.get("ORDERBATCH_FUZZ_S", "30"))
SLOWEST_S = 10.0
MOST_MEMORY_KB = 1_000_000

SHEETS = Path(__file__).parents[1] / "sheet"
SAMPLES = Path(__file__).parents[2] / "samples"
FOUND = Path(__file__).parent / "found"

_HIDDEN: tuple[HiddenRows, ...] = ("refuse", "include", "skip")
_COMPANION = b'rows = 3\nsha256 = "00"\nrun = "eod"\n[totals]\nEUR = "1000000"\nUSD = 5.5\n'


def try_sheet(path: Path, pick: random.Random) -> str:
    """Read and validate a sheet in one of the ways there are, and mark it now and then."""
    with contextlib.suppress(SheetError):
        read_companion(path)
    try:
        sheet = read(
            path,
            hidden_rows=pick.choice(_HIDDEN),
            worksheet=pick.choice((None, None, "Orders")),
            columns={"Trader": "note"},
            limits=Limits(packed_bytes=5_000_000),
        )
    except SheetError as error:
        # Whatever nobody thought of: it is caught, but it is a finding all the same.
        assert error.code != "damaged", str(error)
        return error.code
    if pick.random() < 0.7:
        return "read"
    result = validate(sheet, thousands=pick.choice((None, ",", "'")))
    if pick.random() < 0.05:
        try:
            annotate(path, sheet, result.problems, path.with_suffix(".marked.xlsx"))
        except ReportError:
            return "not-marked"
    return "problems" if result.problems else "orders"


def try_settings(path: Path, pick: random.Random) -> str:
    """Load settings with all that follows before a venue is called."""
    environment = {"ORDERBATCH_USER": pick.choice(("", "u", "\udce9", "é"))}
    try:
        settings = load(config_path=path, default_dir=path.parent, environment=environment)
    except ConfigError:
        return "refused"
    try:
        require_login(find_password(settings.venue))
    except ConfigError:
        return "no-login"
    return "loaded"


def try_companion(path: Path, _: random.Random) -> str:
    """Read a file that stands beside a sheet."""
    try:
        read_companion(path.with_name(path.name.removesuffix(".toml")))
    except SheetError:
        return "refused"
    return "read"


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """Good files to begin with, by the kind of their mutations."""
    folder = tmp_path_factory.mktemp("seeds")
    rows = [HEADER, *(cells(client_order_id=f"A-{n}") for n in range(6))]
    workbooks = [
        write_openpyxl(folder / "a.xlsx", rows),
        write_xlsxwriter(folder / "b.xlsx", rows),
        *SHEETS.glob("files/*.xlsx"),
        *SHEETS.glob("cases/*.xlsx"),
        *SAMPLES.glob("*.xlsx"),
    ]
    texts = [csv_text(*[line(client_order_id=f"A-{n}", note="é") for n in range(4)]).encode()]
    texts += [path.read_bytes() for path in SAMPLES.glob("*.csv")]
    return {
        "workbook": [path.read_bytes() for path in workbooks if _is_archive(path)],
        "csv": texts,
        "toml": [(SAMPLES / "config.toml").read_bytes()],
        "companion": [_COMPANION],
    }


def _is_archive(path: Path) -> bool:
    return path.read_bytes().startswith(b"PK\x03\x04")


@pytest.fixture
def found_folder(tmp_path: Path) -> Iterator[Path]:
    folder = Path(os.environ.get("ORDERBATCH_FUZZ_FOUND", tmp_path / "found"))
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


@pytest.mark.fuzz
@pytest.mark.parametrize(
    ("kind", "name", "attempt", "share"),
    [
        ("workbook", "orders.xlsx", try_sheet, 0.6),
        ("csv", "orders.csv", try_sheet, 0.2),
        ("toml", "config.toml", try_settings, 0.15),
        ("companion", "orders.csv.toml", try_companion, 0.05),
    ],
    ids=["workbook", "csv", "settings", "companion"],
)
def test_mutated_files_are_refused_in_words_or_read(
    tmp_path: Path,
    found_folder: Path,
    seeds: dict[str, list[bytes]],
    kind: str,
    name: str,
    attempt: Callable[[Path, random.Random], str],
    share: float,
) -> None:
    first_seed = int(os.environ.get("ORDERBATCH_FUZZ_SEED", time.time_ns() % 10**9))
    (tmp_path / name).with_suffix(".csv").write_text(csv_text(line()))
    path = tmp_path / name
    until = time.monotonic() + SECONDS * share
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    slowest = (0.0, 0)
    seed = first_seed
    while time.monotonic() < until:
        seed += 1
        pick = random.Random(seed)
        mutate = getattr(Mutator(seed), "toml" if kind == "companion" else kind)
        content = mutate(pick.choice(seeds[kind]))
        path.write_bytes(content)
        began = time.process_time()
        try:
            outcomes[attempt(path, pick)] += 1
        except Exception as error:
            failures.append(f"seed {seed}: {type(error).__name__}: {str(error)[:200]}")
            (found_folder / f"{kind}-{seed}-{name}").write_bytes(content)
        took = time.process_time() - began
        slowest = max(slowest, (took, seed))
        if took > SLOWEST_S:
            failures.append(f"seed {seed}: {took:.1f} s")
            (found_folder / f"{kind}-{seed}-slow-{name}").write_bytes(content)
    memory_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stderr.write(
        f"\n{kind}: {seed - first_seed:,} inputs from seed {first_seed + 1}, "
        f"{len(failures)} failures, slowest {slowest[0]:.2f} s (seed {slowest[1]}), "
        f"{memory_kb // 1000:,} MB; {dict(outcomes.most_common(12))}\n"
    )

    assert outcomes.total() + len(failures) > 0
    assert not failures, "\n".join(failures[:20])
    assert memory_kb < MOST_MEMORY_KB


@pytest.mark.parametrize("found", sorted(FOUND.glob("*")), ids=lambda path: path.name)
def test_what_was_found_is_refused_in_words_or_read(tmp_path: Path, found: Path) -> None:
    _, _, name = found.name.rpartition("-")
    path = tmp_path / name
    path.write_bytes(found.read_bytes())
    attempt: Callable[[Path, random.Random], str]
    attempt = try_settings if name == "config.toml" else try_sheet
    if name.endswith(".csv.toml"):
        attempt = try_companion
        assert companion_path(path.with_name(name.removesuffix(".toml"))) == path

    for seed in range(12):
        attempt(path, random.Random(seed))
