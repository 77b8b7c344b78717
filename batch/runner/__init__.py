"""Plan, recover, send, follow. Layer 3: the only place that sees journal and venue together."""

from batch.runner.approval import approval_code, approvals, record_approval, same_code
from batch.runner.duplicates import Duplicates
from batch.runner.gates import (
    Expectations,
    Rates,
    ask_rates,
    exceeded_limits,
    outside_collar,
    unmet_expectations,
)
from batch.runner.identity import Login
from batch.runner.options import Cancel, Outcome, RunOptions, Snapshot
from batch.runner.plan import Plan, PlanOptions, find_batch, plan, refuse_sent_since, sent_elsewhere
from batch.runner.resolving import declare_not_placed, declare_placed
from batch.runner.run import Run, VenueCalls
from batch.runner.work import ThreadWorkers, Workers

__all__ = [
    "Cancel",
    "Duplicates",
    "Expectations",
    "Login",
    "Outcome",
    "Plan",
    "PlanOptions",
    "Rates",
    "Run",
    "RunOptions",
    "Snapshot",
    "ThreadWorkers",
    "VenueCalls",
    "Workers",
    "approval_code",
    "approvals",
    "ask_rates",
    "declare_not_placed",
    "declare_placed",
    "exceeded_limits",
    "find_batch",
    "outside_collar",
    "plan",
    "record_approval",
    "refuse_sent_since",
    "same_code",
    "sent_elsewhere",
    "unmet_expectations",
]
