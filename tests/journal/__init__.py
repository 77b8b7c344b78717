"""Tests of the durable record: what it keeps, what it refuses, what it withstands."""
