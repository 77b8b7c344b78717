"""The fault table, row by row: what goes wrong, and what must be true afterwards."""
