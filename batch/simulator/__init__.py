"""A local venue over HTTP, with a script of faults. Beside the layers; imports only the errors.

It behaves as the venue's API description says, so that a client which works against it works
against the real one, and it keeps a ledger of every order that it ever took.
"""

from batch.simulator.exchanges import Exchange, RequestLog
from batch.simulator.faults import FAULT_HELP, Fault, FaultKind, parse_fault
from batch.simulator.ledger import Ledger, LedgerEntry
from batch.simulator.market import Market
from batch.simulator.options import SimulatorOptions
from batch.simulator.simulator import Simulator, SimulatorError

__all__ = [
    "FAULT_HELP",
    "Exchange",
    "Fault",
    "FaultKind",
    "Ledger",
    "LedgerEntry",
    "Market",
    "RequestLog",
    "Simulator",
    "SimulatorError",
    "SimulatorOptions",
    "parse_fault",
]
