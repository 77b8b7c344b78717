"""The venue's client against scripted sockets, malformed answers and the simulator."""
