"""One server ID for one client ID: what is known of this batch, and what contradicts it."""

from __future__ import annotations

from batch.run.alarms import more_than_one


class Identities:
    """The pairs of IDs that the venue has named so far."""

    def __init__(self) -> None:
        self._server_of: dict[str, str] = {}
        self._row_of: dict[str, int] = {}

    def take(self, row: int, client_order_id: str, server_order_id: str) -> str:
        """Take in a pair; say what it contradicts, "" if nothing.

        Args:
            row: the row that has this client ID, and no other.
        """
        if self._row_of.get(server_order_id, row) != row:
            other = next(ours for ours, id_ in self._server_of.items() if id_ == server_order_id)
            return (
                f"the venue gave server order ID {server_order_id} for client order ID "
                f"{client_order_id}, which is on record for {other}"
            )
        if (stranger := self.stranger(client_order_id, server_order_id)) is not None:
            return stranger[1]
        self._server_of[client_order_id] = server_order_id
        self._row_of[server_order_id] = row
        return ""

    def stranger(self, client_order_id: str, server_order_id: str) -> tuple[int, str] | None:
        """Say of which row, and how, an order at the venue is another under its ID."""
        known = self._server_of.get(client_order_id, server_order_id)
        if known == server_order_id:
            return None
        row = self._row_of[known]
        return row, more_than_one(row, client_order_id, [known, server_order_id])
