"""Tests of orderbatch."""
