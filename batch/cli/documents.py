"""What `--json` prints, as data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from batch.cli.advice import in_words, with_advice, words_of
from batch.desk import BatchResult
from batch.desk.problems import sentence, totals, totals_by_currency
from batch.errors import BatchError, SheetError
from batch.model import EventRecord, Problem, Validation
from batch.report import as_document
from batch.report.columns import timestamp
from batch.sheet import HeaderRefusal


def of_result(result: BatchResult) -> dict[str, Any]:
    """Give what is printed of one sheet or batch."""
    code = {"exit_code": result.verdict}
    if result.validation is not None:
        return {**of_validation(result.validation), **code}
    if result.error is not None:
        return {"sheet": str(result.sheet), "message": words_of(result.error), **code}
    assert result.batch is not None
    if not result.orders:
        return {"batch": {"id": result.batch.batch_id}, **code}
    return {
        **as_document(result.batch, result.orders, result.background),
        "reports": [str(path) for path in result.reports],
        "stopped": result.run.stopped if result.run else "",
        "alarms": [alarm.words for alarm in result.alarms],
        **code,
    }


def of_event(event: EventRecord) -> dict[str, Any]:
    """Give what is printed of a line of history."""
    return {
        "at": timestamp(event.at),
        "row": event.row,
        "event": event.kind,
        "state": event.state.value if event.state else None,
        "request_id": event.request_id,
        "actor": event.actor,
        "detail": event.detail,
    }


def of_refusal(error: BatchError) -> dict[str, Any]:
    """Give what is printed where a command ends with a refusal, of a whole sheet or other."""
    document: dict[str, Any] = {"error": words_of(error)}
    if isinstance(error, SheetError):
        problems = error.problems if isinstance(error, HeaderRefusal) else ()
        document["code"] = error.code
        document["problems"] = [_of_problem(problem, words_of(error)) for problem in problems]
    return document


def _of_problem(problem: Problem, message: str) -> dict[str, Any]:
    names = ("code", "row", "column", "field", "expected", "found")
    return {
        **{name: getattr(problem, name) for name in names},
        "action": with_advice(problem.action, problem.advice).strip(),
        "message": message,
    }


def of_validation(validation: Validation) -> dict[str, Any]:
    """Give what is printed of a checked sheet."""
    sheet = validation.sheet

    def listed(problems: Iterable[Problem]) -> list[dict[str, Any]]:
        return [_of_problem(problem, sentence(sheet, problem, in_words)) for problem in problems]

    return {
        "sheet": str(sheet.path),
        "worksheet": sheet.worksheet,
        "rows": len(sheet.rows),
        "orders": len(validation.orders),
        "problems": listed(validation.problems),
        "warnings": listed(validation.warnings),
        "totals_by_currency": {
            currency: format(total, "f")
            for currency, total in totals_by_currency(validation.orders).items()
        },
        "totals": [
            {
                "symbol": symbol,
                "side": side,
                "currency": currency,
                "orders": count,
                "size": format(size, "f"),
            }
            for symbol, side, currency, count, size in totals(validation.orders)
        ],
    }
