"""A folder of order sheets that schedulers share, and that are killed: what is in it at the end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook

from tests.campaign.invariants import (
    Failed,
    Reported,
    contradicted,
    doubled,
    lost,
    require,
)
from tests.campaign.office import HEADER, KILLED, KINDS, Launchpad, Model, Office, open_office

SHEETS = 6
ROUNDS = 10
"""Within so many starts of both schedulers every sheet must be done."""

GOOD_CODES = frozenset({0, 1, 5, 6, KILLED})
"""5 as long as an absence is not proven, 6 where the other one has the batch."""

VENUE = Model("finds all", covers_done=True)


@dataclass(slots=True)
class Inbox:
    """The folder.

    Attributes:
        texts: name of a sheet -> what is in it.
        sizes: name of a sheet -> row -> its size, which no other row of any sheet has.
    """

    office: Office
    texts: dict[str, str]
    sizes: dict[str, dict[int, Decimal]]

    @property
    def path(self) -> Path:
        return self.office.folder / "in"

    def fill(self, dice: random.Random) -> None:
        """Write the sheets, each with its companion."""
        self.path.mkdir()
        number = 0
        for name in (f"{at}.csv" for at in range(SHEETS)):
            self.sizes[name] = {}
            lines = []
            for row in range(2, 2 + dice.randint(1, 4)):
                number += 1
                lines.append(dice.choice(KINDS).format(size=100_000 + number))
                self.sizes[name][row] = Decimal(lines[-1].split(",")[2])
            self.texts[name] = HEADER + "".join(lines)
            (self.path / name).write_text(self.texts[name])
            (self.path / f"{name}.toml").write_text(f"rows = {len(lines)}\n")

    def submit(self, launchpad: Launchpad, death: str, killed_after_s: float | None) -> int:
        """Let a scheduler start its line once."""
        code = launchpad.launch(
            arguments=["submit", str(self.path), "--yes", "--wait", "20s"],
            environment=self.office.environment(death),
            folder=str(self.office.folder),
            log=str(self.office.log),
            killed_after_s=killed_after_s,
        )
        self.office.story.append(f"{death or killed_after_s or 'a start'} -> {code}")
        if code not in GOOD_CODES:
            raise Failed(f"exit {code}\n{self.office.story}\n{self.office.log.read_text()[-3000:]}")
        self.office.figures["processes"] += 1
        self.office.figures["kills"] += code == KILLED
        return code

    def finish(self, launchpads: Sequence[Launchpad]) -> None:
        """Start both schedulers until no sheet is left to do."""
        for _ in range(ROUNDS):
            if not self.left():
                break
            both(self, launchpads, [("", None), ("", None)])

    def left(self) -> list[Path]:
        """Give the sheets that are not put away."""
        working = self.path / "working"
        return [*self.path.glob("*.csv"), *working.glob("*.csv")]

    def check(self) -> None:
        """Hold what is in the folder and the reports at the end against the venue's books."""
        taken = self.office.taken()
        wrong = [*doubled(taken), *self._misplaced()]
        lines: list[Reported] = []
        for name, sizes in self.sizes.items():
            reports = list((self.path / "done").glob(f"{Path(name).stem}-results-*.xlsx"))
            if len(reports) != 1:
                wrong.append(f"{name} has {len(reports)} reports in done")
                continue
            found = read_workbook(reports[0])
            wrong += lost(found, sizes)
            lines += found
        wrong += contradicted(lines, taken)
        missing = {size for sizes in self.sizes.values() for size in sizes.values()}
        missing -= {order.size for order in taken}
        wrong += [f"the row of size {size} is not at the venue" for size in sorted(missing)]
        require(wrong, self.office.story)
        self.office.count_what_went_wrong()
        self.office.figures["folders"] += 1
        self.office.figures["sheets"] += len(self.sizes)
        self.office.figures["orders at the venue"] += len(taken)

    def _misplaced(self) -> list[str]:
        """Name the sheets that are not in `done/`, once and as they were, and what else is left."""
        places = Counter(
            str(path.relative_to(self.path))
            for path in self.path.rglob("*")
            if path.is_file() and not path.name.endswith(".xlsx")
        )
        wanted = Counter(f"done/{name}{end}" for name in self.texts for end in ("", ".toml"))
        wrong = [f"{place} is not there" for place in wanted - places]
        wrong += [f"{place} is there" for place in places - wanted]
        for name, text in self.texts.items():
            path = self.path / "done" / name
            if path.exists() and path.read_text() != text:
                wrong.append(f"{path} is not what was put into the folder")
        # A killed process leaves its own at most, and the next one takes that away.
        wrong += [f"{path.name} is left" for path in self.office.folder.glob(".journal.db.*.lock")]
        return wrong


def read_workbook(path: Path) -> list[Reported]:
    """Read the lines of a report, each under its row in the sheet."""
    book = load_workbook(path, read_only=True)
    headers, *rows = book["Results"].iter_rows(values_only=True)
    book.close()
    lines = [dict(zip(headers, cells, strict=True)) for cells in rows]
    return [
        Reported(
            row=row,
            client_order_id=str(line["client_order_id"] or ""),
            size=Decimal(str(line["size"])),
            final_state=str(line["final_state"]),
            server_order_id=str(line["server_order_id"] or "") or None,
            filled_size=Decimal(str(line["filled_size"] or 0)),
        )
        for row, line in enumerate(lines, start=2)
    ]


def both(
    inbox: Inbox, launchpads: Sequence[Launchpad], ends: Sequence[tuple[str, float | None]]
) -> list[int]:
    """Let two schedulers start at once; each dies as told."""
    with ThreadPoolExecutor(2) as pool:
        starts = [
            pool.submit(inbox.submit, launchpad, *end)
            for launchpad, end in zip(launchpads, ends, strict=True)
        ]
        return [start.result() for start in starts]


def kill_schedulers_at(
    points: Sequence[str], seed: int, launchpads: Sequence[Launchpad], *, mutant: str = ""
) -> Office:
    """Kill two schedulers at two points each, then let both finish.

    As each dies at the first sheet that brings it there, there is always one for the next.

    Args:
        points: four of them.
        launchpads: two.
    """
    dice = random.Random(seed)
    with open_office(VENUE, 0, launchpad=launchpads[0], mutant=mutant) as office:
        inbox = Inbox(office, {}, {})
        inbox.fill(dice)
        office.story.append(f"seed {seed}")
        for pair in (points[:2], points[2:]):
            codes = both(inbox, launchpads, [(f"{point}:1", None) for point in pair])
            for point, code in zip(pair, codes, strict=True):
                office.figures[f"schedulers killed at {point}"] += code == KILLED
        inbox.finish(launchpads)
        inbox.check()
    return office


def kill_schedulers_at_random(
    seed: int, launchpads: Sequence[Launchpad], *, mutant: str = ""
) -> Office:
    """Kill two schedulers at random moments, then let both finish."""
    dice = random.Random(seed)
    with open_office(VENUE, 0, launchpad=launchpads[0], mutant=mutant) as office:
        inbox = Inbox(office, {}, {})
        inbox.fill(dice)
        office.story.append(f"seed {seed}")
        for _ in range(dice.randint(1, 3)):
            both(inbox, launchpads, [("", dice.uniform(0.05, 1.5)), ("", dice.uniform(0.05, 1.5))])
        inbox.finish(launchpads)
        inbox.check()
    return office
