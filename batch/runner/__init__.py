"""Plan, recover, send, follow. Layer 3: the only place that sees journal and venue together.

Names are imported from the modules, so that a command that only needs an approval code does not
load what sends orders.
"""
