"""Settings: options, then environment, then `config.toml`. Layer 1.

Secrets are `SecretStr`, so that no `repr`, log line or traceback shows them.
"""

from batch.config.loading import ENVIRONMENT, load, require_login
from batch.config.passwords import KEYRING_SERVICE, find_password
from batch.config.tables import (
    ApprovalSettings,
    CalendarSettings,
    DayLimits,
    InboxSettings,
    LimitSettings,
    NotifySettings,
    Settings,
    SheetSettings,
    VenueSettings,
    parse_cut_off,
    parse_percentage,
    parse_week,
)

__all__ = [
    "ENVIRONMENT",
    "KEYRING_SERVICE",
    "ApprovalSettings",
    "CalendarSettings",
    "DayLimits",
    "InboxSettings",
    "LimitSettings",
    "NotifySettings",
    "Settings",
    "SheetSettings",
    "VenueSettings",
    "find_password",
    "load",
    "parse_cut_off",
    "parse_percentage",
    "parse_week",
    "require_login",
]
