"""Forks processes that have everything imported already, so that one costs almost nothing.

`python -m tests.campaign.launchpad` reads an order a line on stdin, forks, becomes the command in
the child, kills it when told to, and answers with how it ended; or answers at once, and tells how
it ended when it is asked. It has one thread, so what it
forks is as clean as a process of its own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from tests.campaign import driver


def warm_up() -> None:
    """Import whatever a run will need, except polars.

    Its threads are made when it is imported, and none of them outlives a fork: whoever then waits
    for one waits for ever. Each child imports it for itself.
    """
    from batch.desk import resuming, submitting  # noqa: F401
    from batch.journal.postgres import opening  # noqa: F401
    from batch.venue import Venue  # noqa: F401

    assert "polars" not in sys.modules
    assert len(os.listdir("/proc/self/task")) == 1


def serve() -> None:
    """Answer until stdin ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warm_up()
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), file=out, flush=True)


def obey(order: Mapping[str, Any]) -> dict[str, int | None]:
    """Do what a line says: start a command, tell how one stands, or run one to its end."""
    if "start" in order:
        return {"pid": _fork(order["start"])}
    if "tell" in order:
        return {"code": _code_of(order["tell"])}
    return {"code": launch(order)}


def launch(order: Mapping[str, Any]) -> int:
    """Run the command once, and give its exit code, below 0 for a signal.

    Args:
        order: `arguments`, `environment`, `folder`, `log` (a file for both streams), and
            `killed_after_s`, which may be None.
    """
    alive, held = os.pipe()
    pid = _fork(order, alive)
    os.close(held)
    # The pipe ends with the child, however it ends; only then is its number free again.
    ended, _, _ = select.select([alive], [], [], order["killed_after_s"])
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(alive)
    return os.waitstatus_to_exitcode(status)


def _fork(order: Mapping[str, Any], *not_for_it: int) -> int:
    pid = os.fork()
    if pid == 0:
        for end in not_for_it:
            os.close(end)
        _become(order)
    return pid


def _code_of(pid: int) -> int | None:
    """Give how a command ended; None while it lives. Its number stays its own until then."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


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
