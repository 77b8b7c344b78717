"""The application: what a command line, a scheduler or a program can ask for. No click, no rich."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batch.desk.desk import Desk
    from batch.desk.listener import Listener, Question, Silence, Watch
    from batch.desk.options import GateOptions, ReadingOptions, RunningOptions, Submission
    from batch.desk.outcome import BatchResult, Outcome
    from batch.desk.verdict import Verdict

__all__ = [
    "BatchResult",
    "Desk",
    "GateOptions",
    "Listener",
    "Outcome",
    "Question",
    "ReadingOptions",
    "RunningOptions",
    "Silence",
    "Submission",
    "Verdict",
    "Watch",
]

_MODULES = {
    "BatchResult": "outcome",
    "Desk": "desk",
    "GateOptions": "options",
    "Listener": "listener",
    "Outcome": "outcome",
    "Question": "listener",
    "ReadingOptions": "options",
    "RunningOptions": "options",
    "Silence": "listener",
    "Submission": "options",
    "Verdict": "verdict",
    "Watch": "listener",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: whoever wants a verdict's number does not wait for the settings.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
