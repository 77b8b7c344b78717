"""Plan, recover, send, follow. Layer 3: the only place that sees journal and venue together."""

from batch.runner.duplicates import Duplicates
from batch.runner.identity import Login
from batch.runner.options import Cancel, Outcome, RunOptions, Snapshot
from batch.runner.plan import Plan, PlanOptions, find_batch, plan, refuse_sent_since
from batch.runner.resolving import declare_not_placed, declare_placed
from batch.runner.run import Run, VenueCalls
from batch.runner.work import ThreadWorkers, Workers

__all__ = [
    "Cancel",
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
    "declare_not_placed",
    "declare_placed",
    "find_batch",
    "plan",
    "refuse_sent_since",
]
