"""Integral's REST API: the only place that knows the vendor's words."""
