"""A venue whose clock is stepped by hand, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from batch.simulator import Simulator, SimulatorOptions
from tests.simulator.client import Client


class SteppedClock:
    """A clock that stands until it is stepped."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def step(self, seconds: float) -> None:
        self.seconds += seconds


Started = tuple[Simulator, Client]
Start = Callable[..., Started]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def start(clock: SteppedClock) -> Iterator[Start]:
    """Start a venue with the given options and a client that is logged in."""
    with ExitStack() as stack:

        def start_one(**options: object) -> Started:
            chosen = SimulatorOptions(**options)  # type: ignore[arg-type]
            simulator = stack.enter_context(Simulator(chosen, clock=clock))
            client = stack.enter_context(Client(simulator.url))
            client.log_in()
            return simulator, client

        yield start_one
