"""The listener for terminals: what a desk tells, on stderr; what a script may want, on stdout."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from batch.cli.advice import in_words, with_advice, words_of
from batch.cli.console import echo, folded
from batch.cli.exits import tell
from batch.cli.logs import STORY
from batch.cli.summary import closing_words
from batch.desk.problems import sentence
from batch.desk.verdict import Verdict
from batch.errors import BatchError, Hint
from batch.escaping import escaped

if TYPE_CHECKING:
    from batch.desk import BatchResult, Question, Watch
    from batch.model import Validation
    from batch.run.options import Snapshot


def _let_ctrl_c_end_a_read() -> None:
    """Put Python's own action for SIGINT back.

    polars has put one in front of it, after which a read that waits for a person begins anew.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


class Terminal:
    """Tells a person.

    Args:
        quiet: only what must be known.
        simulated: every line says that this is practice.
        as_json: stdout is for the one document alone.
        sends: the command sends orders. Where that is all that there is to tell of it, a quiet one
            tells nothing at all; so what is told meanwhile is held until something else is.
    """

    def __init__(
        self, *, quiet: bool, simulated: bool = False, as_json: bool = False, sends: bool = False
    ) -> None:
        self._quiet = quiet
        self._holds = quiet and sends
        self._held: list[Callable[[], None]] = []
        self._as_json = as_json
        self._mark = "SIMULATED  " if simulated else ""

    def say(self, words: str, *advice: Hint) -> None:
        STORY.info("%s", with_advice(words, advice))
        if not self._quiet:
            self._print(words, *advice)

    def warn(self, words: str, *advice: Hint) -> None:
        STORY.warning("%s", with_advice(words, advice))
        self._put(partial(self._print, words, *advice))

    def _print(self, words: str, *advice: Hint) -> None:
        click.echo(folded(escaped(with_advice(words, advice)), self._mark), err=True)

    def _put(self, printing: Callable[[], None]) -> None:
        if self._holds:
            self._held.append(printing)
        else:
            printing()

    def end(self, *, has_sent_all: bool) -> None:
        """Take in that a command is over, before it says anything else.

        Args:
            has_sent_all: each of its batches has sent something, and all of it ended well.
        """
        if self._holds and has_sent_all:
            self._held.clear()
        self.let_out()

    def let_out(self) -> None:
        """Tell what was held, and hold nothing from now on."""
        self._holds = False
        held, self._held = self._held, []
        for printing in held:
            printing()

    def fail(self, error: BatchError) -> None:
        self.let_out()
        tell(words_of(error))

    def ask(self, question: Question) -> bool:
        self.let_out()  # whoever is asked has to know it
        self._lay_out(question)
        _let_ctrl_c_end_a_read()
        is_wanted = click.confirm(folded(escaped(question.words), self._mark), err=True)
        STORY.info("%s %s", question.words, "yes" if is_wanted else "no")
        return is_wanted

    def password(self, whose: str) -> str:
        from batch.cli.console import has_terminal

        if not has_terminal():
            return ""
        words = folded(escaped(f"Password of {whose}"), self._mark)
        _let_ctrl_c_end_a_read()
        said = click.prompt(words, hide_input=True, default="", show_default=False, err=True)
        return str(said)

    def preview(self, question: Question) -> None:
        if not self._quiet:
            self._lay_out(question)

    def _lay_out(self, question: Question) -> None:
        from batch.cli.console import show
        from batch.cli.problems import totals_table

        for line in question.lines:
            self.warn(line)
        if question.orders:
            click.echo(err=True)
            show(totals_table(question.orders), err=True)
            click.echo(err=True)

    def word(self, hint: Hint) -> str:
        return in_words(hint)

    @contextmanager
    def watch(self, wait_s: float, cancel: str) -> Iterator[Watch]:
        from batch.cli.progress import Gauge, stopping_words, watching

        is_told = False
        with watching(self.say, Gauge(wait_s, cancel), self._mark, quiet=self._quiet) as watch:

            def look(snapshot: Snapshot) -> None:
                nonlocal is_told
                if snapshot.interrupted and not is_told:
                    is_told = True
                    self.let_out()
                    self.warn(stopping_words(snapshot))
                watch(snapshot)

            yield look

    def check(self, validation: Validation) -> None:
        from batch.cli.problems import notes, show_problems

        for line in notes(validation):
            self.say(line)
        for problem in validation.problems if STORY.isEnabledFor(logging.WARNING) else ():
            STORY.warning("%s", sentence(validation.sheet, problem, in_words))
        if validation.problems:
            self._put(partial(show_problems, validation, err=True))

    def conclude(self, result: BatchResult) -> None:
        if STORY.isEnabledFor(logging.INFO):
            STORY.info("%s", closing_words(result))
        if not (result.has_sent and result.verdict is Verdict.DONE):
            self.let_out()
        self._put(partial(self._conclude, result))

    def _conclude(self, result: BatchResult) -> None:
        # Once: on a terminal as the end of the story, otherwise on stdout, for a script.
        for_a_script = not self._as_json and not sys.stdout.isatty()
        self._print(closing_words(result, names_reports=not for_a_script))
        if for_a_script:
            for path in result.reports:
                echo(path)
