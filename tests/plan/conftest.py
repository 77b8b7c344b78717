"""The same desk as for the run: a plan shows what it is worth when it is run."""

from tests.run.conftest import Desk, desk

__all__ = ["Desk", "desk"]
