"""Bytes to a venue and back over HTTP, and exact JSON; knows no vendor."""
