"""The simulated venue, asked by a client that shares no code with it."""
