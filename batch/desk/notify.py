"""Telling somebody that a run has ended. It changes no exit code, and holds nothing up for long."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch.config import NotifySettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What there is to tell.

    Attributes:
        title: one line: which sheet, what it came to.
        text: the closing summary, as on a terminal.
        html: the same as a page for a mail's body; None where there is none.
        document: the same as one JSON document.
        reports: files to attach.
        is_clean: the run exits 0.
    """

    title: str
    text: str
    document: Mapping[str, Any]
    is_clean: bool
    html: str | None = None
    reports: Sequence[Path] = ()


def tell(message: Message, settings: NotifySettings) -> list[str]:
    """Tell whoever the settings name.

    Returns:
        What failed, a sentence each, which is logged, too.
    """
    if message.is_clean and "always" not in settings.on:
        return []
    ends_at = time.monotonic() + settings.timeout_s
    failed = []
    if settings.command:
        failed += _give_to_command(message, settings.command, ends_at)
    if settings.urls:
        failed += _give_to_services(message, settings, ends_at)
    for words in failed:
        log.warning("%s", words)
    return failed


def _give_to_command(message: Message, command: Sequence[str], ends_at: float) -> list[str]:
    where = f"settings, [notify] command {command[0]}"
    document = json.dumps(message.document, ensure_ascii=False, default=str).encode()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={name: text for name, text in os.environ.items() if name != "ORDERBATCH_PASSWORD"},
            # Of its own group, so that it can be ended with all that it started.
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return [f"{where}: expected a program that starts, found: {reason}"]
    try:
        _, errors = process.communicate(document, timeout=max(ends_at - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        _end(process)
        return [f"{where}: expected it to end in time, found it still running; it was ended"]
    if process.returncode:
        words = errors.decode(errors="replace").strip().splitlines()
        said = f", saying: {words[-1][:200]}" if words else ""
        return [f"{where}: expected exit code 0, found {process.returncode}{said}"]
    return []


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()


def _give_to_services(message: Message, settings: NotifySettings, ends_at: float) -> list[str]:
    try:
        import apprise
    except ImportError:
        return [
            "settings, [notify] urls: expected the library apprise, found none. "
            "Run: pip install 'orderbatch[notify]'"
        ]
    services = apprise.Apprise()
    failed = []
    for number, url in enumerate(settings.urls, start=1):
        # The URL itself holds a password, so only its place is named.
        if not services.add(url.get_secret_value()):
            failed.append(f"settings, [notify] urls: number {number} is none that Apprise reads")
    if not len(services):
        return failed
    results: list[bool] = []

    def give() -> None:
        try:
            results.append(
                bool(
                    services.notify(
                        title=message.title,
                        body=message.html or message.text,
                        body_format="html" if message.html else "text",
                        attach=[str(path) for path in message.reports if path.is_file()] or None,
                    )
                )
            )
        except Exception as error:  # whatever a service's plug-in raises
            failed.append(f"settings, [notify] urls: telling failed ({type(error).__name__})")

    # A daemon: a service that does not answer must not keep the process alive.
    thread = threading.Thread(target=give, name="notify", daemon=True)
    thread.start()
    thread.join(max(ends_at - time.monotonic(), 0.1))
    if thread.is_alive():
        failed.append("settings, [notify] urls: expected an answer in time, found none")
    elif results and not results[0]:
        failed.append("settings, [notify] urls: at least one service would not take the message")
    return failed
