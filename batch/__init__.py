"""orderbatch: order sheets to limit orders at an FX venue, each row exactly once.

The way through the package, one direction, no way back::

    sheet -> rows -> orders (or problems) -> plan -> journal <-> run <-> venue -> journal -> report
"""

__version__ = "0.2.0"
