"""The venue's REST API: login, place, find, query, cancel. Layer 2, the only user of `requests`.

The way through: `payload` writes the order's JSON text, `client` decides what an answer means,
`tokens` or `signing` says who we are, `transport` moves the bytes over `connection`, which knows
whether any left, `answers` reads what came back, `wire` names every fact of the API.
"""

from batch.venue.client import Venue
from batch.venue.payload import encode_order

__all__ = ["Venue", "encode_order"]
