"""Tests of `batch.plan`."""
