"""Forks processes that have everything imported already, so that one costs almost nothing.

`python -m tests.campaign.launchpad` reads an order a line on stdin, forks, becomes the command in
the child, kills it when told to, and answers with how it ended. It has one thread, so what it
forks is as clean as a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batch.cli import commands
from tests.campaign import driver

WARM_UP = "symbol,side,size,price,time_in_force\nEUR/USD,Buy,1000,1.2,IOC\n"


def warm_up() -> None:
    """Import whatever a run will need, and let the libraries set themselves up."""
    import batch.cli.problems
    import batch.cli.progress
    import batch.cli.summary
    import batch.journal
    import batch.plan.draft
    import batch.plan.gates
    import batch.report.plain
    import batch.report.workbook
    import batch.run.run
    import batch.venue  # noqa: F401

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        sheet = Path(folder) / "warm-up.csv"
        sheet.write_text(WARM_UP)
        commands.main(["check", str(sheet), "--quiet", "--json"], standalone_mode=False)


def serve() -> None:
    """Answer until stdin ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warm_up()
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(launch(json.loads(line))), file=out, flush=True)


def launch(order: Mapping[str, Any]) -> dict[str, int]:
    """Run the command once.

    Args:
        order: `arguments`, `environment`, `folder`, `log` (a file for both streams), and
            `killed_after_s`, which may be None.

    Returns:
        `code`, below 0 for a signal.
    """
    alive, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(alive)
        _become(order)
    os.close(held)
    # The pipe ends with the child, however it ends; only then is its number free again.
    ended, _, _ = select.select([alive], [], [], order["killed_after_s"])
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(alive)
    return {"code": os.waitstatus_to_exitcode(status)}


def _become(order: Mapping[str, Any]) -> None:
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for stream, source in ((0, nothing), (1, log), (2, log)):
            os.dup2(source, stream)
        os.chdir(order["folder"])
        os.environ.update(order["environment"])
        sys.argv[1:] = order["arguments"]
        driver.main()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
