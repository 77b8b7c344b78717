"""The journal's tables, in words that every database understands."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from batch.model import LONGEST_CLIENT_ORDER_ID

VERSION = 5

METADATA = MetaData()

# A server's own collation may sort signs and digits in another order than their codes have.
MOMENT = String(32).with_variant(String(32, collation="C"), "postgresql")
BATCH_ID = String(40).with_variant(String(40, collation="C"), "postgresql")
NUMBER_OF_LINE = Integer().with_variant(BigInteger(), "postgresql")

META = Table(
    "journal_meta",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

VENUES = Table(
    "venues",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("user", Text, nullable=False),
    Index("one_venue_login", "url", "org", "user", unique=True),
)
"""A login at a venue: the scope within which orders can duplicate each other."""

BATCHES = Table(
    "batches",
    METADATA,
    Column("batch_id", BATCH_ID, primary_key=True),
    Column("venue_id", ForeignKey("venues.id"), nullable=False),
    Column("content_hash", String(64), nullable=False),
    # Empty where no run key was given.
    Column("run_key", String(40), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sheet_path", Text, nullable=False),
    Column("worksheet", Text),
    Column("columns", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Index(
        "one_batch_a_generation", "venue_id", "content_hash", "run_key", "generation", unique=True
    ),
)

# Numbers are text: what was in the sheet and what went over the wire, digit for digit.
ORDERS = Table(
    "orders",
    METADATA,
    Column("batch_id", ForeignKey("batches.batch_id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("venue_id", Integer, nullable=False),
    Column("sheet_values", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("client_order_id", String(LONGEST_CLIENT_ORDER_ID)),
    Column("fingerprint", String(64)),
    Column("payload", Text),
    Column("symbol", String(7)),
    Column("side", String(4)),
    Column("currency", String(3)),
    Column("size", Text),
    Column("price", Text),
    Column("time_in_force", String(3)),
    Column("expiry_time_s", Integer),
    Column("min_size", Text),
    Column("org", Text),
    Column("account", Text),
    Column("own_client_order_id", String(LONGEST_CLIENT_ORDER_ID)),
    Column("venue_status", Text),
    Column("server_order_id", Text),
    Column("filled_size", Text),
    Column("average_price", Text),
    Column("message", Text, nullable=False),
    Column("submitted_at", MOMENT),
    Column("finished_at", MOMENT),
    Column("request_id", String(64)),
    Column("execution_id", Text),
    # The hold under which it was last claimed; see HOLDS.
    Column("claim_epoch", Integer),
    Index("orders_by_fingerprint", "venue_id", "fingerprint"),
    Index("orders_by_server_order_id", "venue_id", "server_order_id"),
    # With the row: a batch's rows of one state are read in the sheet's order, in portions.
    Index("orders_by_state", "batch_id", "state", "row"),
)

SENDABLE = text("state NOT IN ('INVALID', 'SKIPPED')")
"""Rows that were, or can be, sent. Queries that use it are in the words of the index below."""

# A second guard below the checks of the plan: the database itself refuses to hold one client
# order ID twice for a login, except on rows that are never sent.
Index(
    "one_order_a_client_order_id",
    ORDERS.c.venue_id,
    ORDERS.c.client_order_id,
    unique=True,
    # Each by its name: a database that is not told makes a full index without a word.
    sqlite_where=SENDABLE,
    postgresql_where=SENDABLE,
)

EVENTS = Table(
    "events",
    METADATA,
    Column("id", NUMBER_OF_LINE, primary_key=True),
    Column("batch_id", BATCH_ID, nullable=False),
    Column("row", Integer),
    Column("at", MOMENT, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16)),
    Column("detail", Text, nullable=False),
    Column("request_id", String(64)),
    Column("actor", Text, nullable=False),
    Index("events_by_batch", "batch_id", "id"),
)
"""Append-only: there is no UPDATE or DELETE of it in this package."""

HOLDS = Table(
    "holds",
    METADATA,
    Column("batch_id", BATCH_ID, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("taken_at", MOMENT, nullable=False),
    Column("ended_at", MOMENT),
    # When its process was last heard of, where no lock of the machine says that it is alive.
    Column("seen_at", MOMENT, nullable=False),
    Column("ttl_s", Float, nullable=False),
    Column("token_life_s", Float),
    Column("tokens_dead_at", MOMENT),
)
"""Who held a batch, one epoch after the other. `token_life_s` is the longest life of a token that
was used under it: NULL where none was, below zero where a request may live for ever."""

STOPS = Table(
    "stops",
    METADATA,
    Column("id", Integer, primary_key=True),
    # NULL: every batch, and every new one.
    Column("batch_id", BATCH_ID),
    Column("cancel", Boolean, nullable=False),
    Column("asked_at", MOMENT, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("released_at", MOMENT),
    Column("released_by", Text),
)
"""What a person asked every running process to stop."""

CANCELS = Table(
    "cancels",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("batch_id", String(40), nullable=False),
    Column("row", Integer, nullable=False),
    Column("asked_at", String(32), nullable=False),
    Column("asked_by", Text, nullable=False),
    # NULL until the order is at its end, or the venue has said that it does not cancel it.
    Column("ended_at", String(32)),
    Index("cancels_by_batch", "batch_id", "ended_at"),
)
"""Orders that a person asked to have cancelled, by whichever process runs their batch."""

ALLOTMENTS = Table(
    "allotments",
    METADATA,
    Column("venue_id", ForeignKey("venues.id"), primary_key=True),
    # In seconds since 1970, by the clock that all processes of the journal go by.
    Column("next_at", Float(53), nullable=False),
    Column("paused_until", Float(53), nullable=False),
)
"""When the next request under a login may leave, where all that use it share one rate."""
