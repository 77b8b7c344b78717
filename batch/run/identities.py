"""One server ID for one client ID: what is known of this batch, and what contradicts it."""

from __future__ import annotations


class Identities:
    """The pairs of IDs that the venue has named so far."""

    def __init__(self) -> None:
        self._server_of: dict[str, str] = {}
        self._client_of: dict[str, str] = {}

    def take(self, client_order_id: str, server_order_id: str) -> str:
        """Take in a pair; say what it contradicts, "" if nothing."""
        other = self._client_of.get(server_order_id, client_order_id)
        if other != client_order_id:
            return (
                f"the venue gave server order ID {server_order_id} for client order ID "
                f"{client_order_id}, which it gave for {other} before"
            )
        if wrong := self.stranger(client_order_id, server_order_id):
            return wrong
        self._server_of[client_order_id] = server_order_id
        self._client_of[server_order_id] = client_order_id
        return ""

    def stranger(self, client_order_id: str, server_order_id: str) -> str:
        """Say what is wrong with an order at the venue under an ID of ours; "" if nothing."""
        known = self._server_of.get(client_order_id, server_order_id)
        if known == server_order_id:
            return ""
        return (
            f"two orders stand under client order ID {client_order_id}: server order IDs {known} "
            f"and {server_order_id}"
        )
