"""What the database itself refuses to change."""

from __future__ import annotations

from sqlalchemy import Connection

# What an auditor relies on is not left to this package's good behaviour alone.
_KEPT = {
    "events": ("UPDATE", "DELETE"),
    "batches": ("UPDATE", "DELETE"),
    "orders": (
        "DELETE",
        "UPDATE OF batch_id, row, sheet_values, client_order_id, fingerprint, payload, size, price",
    ),
}


def guard_history(connection: Connection) -> None:
    """Make the database itself refuse to change or delete what is on record."""
    for table, actions in _KEPT.items():
        for action in actions:
            name = f"{table}_kept_from_{action.split()[0].lower()}"
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'what {table} holds is never changed'); END"
            )
