"""Settings: options, then environment, then `config.toml`. Layer 1.

Secrets are `SecretStr`, so that no `repr`, log line or traceback shows them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

ENVIRONMENT = {
    "url": "ORDERBATCH_URL",
    "user": "ORDERBATCH_USER",
    "password": "ORDERBATCH_PASSWORD",
    "org": "ORDERBATCH_ORG",
}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VenueSettings(_Table):
    """How to reach and treat one venue.

    Attributes:
        url: base URL without a path; `https://` but for loopback.
        proxy: URL of a proxy; the environment's proxies are never used.
        ca_bundle: a file of certificates to trust instead of the default ones.
        deadline_s: the longest that one call may take from its start to its last byte.
        settle_s: how long a run keeps asking about an order whose placing got no answer.
        client_id_query_covers_done_orders: a person has confirmed that this venue's query by
            client ID also finds orders that are done; only then is "not found" a proof.
        bulk_query: ask for all active orders at once where that saves requests.
    """

    url: str = ""
    user: str = ""
    password: SecretStr = SecretStr("")
    org: str = ""
    proxy: str | None = None
    ca_bundle: Path | None = None
    connect_timeout_s: float = Field(default=5.0, gt=0)
    read_timeout_s: float = Field(default=20.0, gt=0)
    deadline_s: float = Field(default=30.0, gt=0)
    settle_s: float = Field(default=45.0, ge=0)
    retry_after_cap_s: float = Field(default=120.0, gt=0)
    client_id_query_covers_done_orders: bool = False
    bulk_query: bool = True


class SheetSettings(_Table):
    """How a desk's sheets differ from the standard.

    Attributes:
        columns: a header of the desk's own -> the order field that it means.
        defaults: order field -> the value for sheets that lack that column.
        price_decimals: symbol -> the most decimals that a limit price may have.
        prefix_client_order_id: the desk's IDs are unique for a day only; send `<batch>-<id>`.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)
    price_decimals: dict[str, int] = Field(default_factory=dict)
    prefix_client_order_id: bool = False


class Settings(_Table):
    """Everything that is not said on the command line."""

    journal: str | None = None
    venue: VenueSettings = VenueSettings()
    sheet: SheetSettings = SheetSettings()
