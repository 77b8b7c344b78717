"""Plan, recover, send, follow. Layer 3: the only place that sees journal and venue together."""

from batch.runner.identity import Login
from batch.runner.options import Outcome, RunOptions, Snapshot
from batch.runner.plan import Duplicates, Plan, PlanOptions, find_batch, plan, refuse_sent_since
from batch.runner.run import Run, VenueCalls
from batch.runner.work import ThreadWorkers, Workers

__all__ = [
    "Duplicates",
    "Login",
    "Outcome",
    "Plan",
    "PlanOptions",
    "Run",
    "RunOptions",
    "Snapshot",
    "ThreadWorkers",
    "VenueCalls",
    "Workers",
    "find_batch",
    "plan",
    "refuse_sent_since",
]
