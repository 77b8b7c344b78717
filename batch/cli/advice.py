"""The only place that names an option or a command in words."""

from __future__ import annotations

from collections.abc import Iterable

from batch.errors import Advice, BatchError, Hint

_WORDS = {
    Advice.NAME_JOURNAL: "Name another file with --journal.",
    Advice.OR_NAME_JOURNAL: "Or name another with --journal.",
    Advice.NAME_LOCAL_JOURNAL: "Name a local file with --journal.",
    Advice.COPY_JOURNAL: "Copies are made with: orderbatch journal backup PATH",
    Advice.UPGRADE_JOURNAL: "Run: orderbatch journal upgrade",
    Advice.LIST_BATCHES: "List them with: orderbatch batches",
    Advice.OR_PRACTISE: "Or practise with --simulate.",
    Advice.CHECK_CONFIG: "Check --config and ORDERBATCH_CONFIG.",
    Advice.OR_LEAVE_OUT_VENUE: "Or leave out --venue {0}.",
    Advice.OR_CHOOSE_VENUE: "Or choose the table that has them: --venue NAME.",
    Advice.PRACTISE_AGAIN: "Submit the sheet again with --simulate.",
    Advice.RESUME: "Go on with: {resume}",
    Advice.FINISH_FIRST: "Finish it first: {resume}",
    Advice.FOLLOW_SENT: "What an earlier run has sent is followed with: {resume}",
    Advice.RESUME_ROW: "Run: {resume}",
    Advice.RESOLVE: "Record what the venue's desk finds: orderbatch resolve {0} {1} "
    "--placed SERVER_ID, or --not-placed.",
    Advice.END_ALARM: "Ask the venue's desk which order is to stand for the row, and what becomes "
    "of any other. That ends the alarm: orderbatch resolve {0} {1} --placed SERVER_ID (for an "
    "UNKNOWN row that they never had: --not-placed).",
    Advice.REPLACE_TARGET: "Or add --force to lose what is there.",
    Advice.REPORT_AGAIN: "Write the report again: orderbatch report {0} --report PATH",
    Advice.SKIP_SENT: "To send only the others: --skip-sent.",
    Advice.AGAIN: "To send the whole sheet once more: --again.",
    Advice.REPLACE_UNSENT: "Rows that were never sent can be replaced with --skip-sent.",
    Advice.FINISH_OR_REPLACE: "Either finish that batch: {resume}, or let this sheet replace the "
    "rows that it has not sent: --skip-sent",
    Advice.CHANGE_AND_SKIP_SENT: "To send only the others: change any cell of the sheet that is "
    "not sent (a note), and submit it with --skip-sent.",
    Advice.REPLACE_READING: "To replace what was not sent: orderbatch report {0} --corrections "
    "PATH.xlsx takes those rows out of the batch, and that sheet is read as you say now.",
    Advice.CHANGE_CELL: "If orders of the new reading are meant beside them, change any cell that "
    "is not sent (a note) and submit the sheet.",
    Advice.REPORT_OF: "What was sent is in: orderbatch report {0}",
    Advice.NAME_RUN: "If it is meant to be sent once more: --run KEY, a key for this run, such as "
    "--run '{{date}}'.",
    Advice.GIVE_APPROVAL: "Give the code that `orderbatch check` prints: --approved CODE",
    Advice.APPROVE: "Have a second person sign it: orderbatch approve SHEET --key KEY",
    Advice.RELEASE_STOP: "Lift it with: orderbatch stop {which} --release",
    Advice.SKIP_INVALID: "Or send only the good rows: --on-invalid skip",
    Advice.NAME_WORKSHEET: "Say which with --sheet.",
    Advice.HIDDEN_ROWS: "Show them, or say --hidden-rows include or --hidden-rows skip.",
    Advice.DECIMAL_SIGN: "Say --decimal and --thousands if the whole sheet is written so.",
    Advice.IGNORE_COLUMN: "Rename it to what it means, or if it does not matter for these orders, "
    "carry it along unread: {ignore}",
    # Within a sentence of somebody else's: only the command itself.
    Advice.TO_CHECK: "orderbatch check SHEET",
    Advice.TO_PRACTISE: "orderbatch submit SHEET --simulate",
    Advice.TO_SUBMIT: "orderbatch submit SHEET",
    Advice.TO_RESUME: "{resume}",
    Advice.TO_RESOLVE: "orderbatch resolve {0} {1} --placed SERVER_ID, or --not-placed",
    Advice.TO_CANCEL: "orderbatch cancel {0} --row {1}",
    Advice.STOP_AND_CANCEL: "To keep them back, too: orderbatch stop {0} --cancel",
    Advice.TO_CORRECT: "orderbatch report {0} --corrections FILE",
}


def in_words(hint: Hint) -> str:
    """Say what to do in options and commands."""
    resume = ", ".join(f"orderbatch resume {batch}" for batch in hint.about)
    ignore = " ".join(f'--ignore-column "{header}"' for header in hint.about)
    which = " ".join(hint.about) or "--all"
    return _WORDS[hint.advice].format(*hint.about, resume=resume, ignore=ignore, which=which)


def with_advice(words: str, advice: Iterable[Hint]) -> str:
    """Add advice to what was said."""
    said = [words]
    for each in map(in_words, advice):
        if said[-1].rstrip() and said[-1].rstrip()[-1].isalnum():
            said[-1] = f"{said[-1].rstrip()}."
        said.append(each)
    return " ".join(said)


def words_of(error: BatchError) -> str:
    """Say an error and what to do about it."""
    return with_advice(str(error), error.advice)
