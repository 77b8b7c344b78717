"""Mutated and hostile files against the readers of sheets and settings."""
