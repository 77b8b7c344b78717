"""Send, follow, find out: the only place that sees journal and venue together."""
