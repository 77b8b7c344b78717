"""Proof of the promise: processes killed anywhere, wires cut anywhere, counted at the venue."""
