"""From validated orders to planned rows: identity, duplicates, gates, approval. Knows no venue.

Names are imported from the modules, so that a command that only needs an approval code does not
load what plans and sends orders.
"""
