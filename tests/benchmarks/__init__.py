"""Benchmarks: `python -m tests.benchmarks` measures the whole command and prints ratios."""
