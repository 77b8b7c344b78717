"""Tests of `batch.desk`."""
