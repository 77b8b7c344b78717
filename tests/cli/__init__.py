"""Tests of the commands, as their users call them."""
