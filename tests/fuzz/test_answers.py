"""Mutated answers of a venue: read, or a misfit in words; never another exception.

ORDERBATCH_FUZZ_S=1800 python -m pytest -q -m fuzz -s tests/fuzz/test_answers.py
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter

import pytest

from tests.fuzz.answers import mutated, try_answer

SECONDS = float(os.environ.get("ORDERBATCH_FUZZ_S", "30")) * 0.1


def attempt(seed: int) -> str:
    pick = random.Random(seed)
    return try_answer(mutated(pick), pick)


@pytest.mark.fuzz
def test_mutated_answers_are_read_or_a_misfit() -> None:
    first_seed = seed = int(os.environ.get("ORDERBATCH_FUZZ_SEED", time.time_ns() % 10**9))
    until = time.monotonic() + SECONDS
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    while time.monotonic() < until:
        seed += 1
        try:
            outcomes[attempt(seed)] += 1
        except Exception as error:
            failures.append(f"seed {seed}: {type(error).__name__}: {str(error)[:200]}")
    sys.stderr.write(
        f"\nanswers: {seed - first_seed:,} inputs from seed {first_seed + 1}, "
        f"{len(failures)} failures; {dict(outcomes)}\n"
    )

    assert outcomes.total() + len(failures) > 0
    assert not failures, "\n".join(failures[:20])


def test_some_mutated_answers_are_read_and_some_are_not() -> None:
    outcomes = Counter(attempt(seed) for seed in range(300))

    assert set(outcomes) == {"read", "words", "unreadable"}
