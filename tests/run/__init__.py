"""Tests of planning, sending and following."""
