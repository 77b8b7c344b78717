"""What a venue must promise, and the one venue that does. Layer 2, the only user of `requests`.

The way through: `port` names what a run may ask and what it may rely on. In `integral`, `payload`
writes the order's JSON text, `client` decides what an answer means, `tokens` or `signing` says who
we are, `answers` and `statuses` read what came back, `wire` names every fact of the API. In
`http`, `transport` moves the bytes over `connection`, which knows whether any left, and `exact`
reads JSON without losing a digit.
"""

from batch.venue.integral.client import Venue
from batch.venue.integral.payload import encode_order

__all__ = ["Venue", "encode_order"]
