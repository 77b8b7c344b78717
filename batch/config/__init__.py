"""Settings: options, then environment, then `config.toml`. Layer 1.

Secrets are `SecretStr`, so that no `repr`, log line or traceback shows them.
"""

from batch.config.exposure import exposure_of_settings
from batch.config.loading import ENVIRONMENT, application_folder, load, require_login
from batch.config.passwords import KEYRING_SERVICE, find_journal_password, find_password
from batch.config.tables import (
    ApprovalSettings,
    BatchSettings,
    CalendarSettings,
    DayLimits,
    InboxSettings,
    LimitSettings,
    NotifySettings,
    ReportSettings,
    Settings,
    SheetSettings,
    VenueSettings,
    parse_cut_off,
    parse_percentage,
    parse_week,
    parse_zone,
    run_key,
)

__all__ = [
    "ENVIRONMENT",
    "KEYRING_SERVICE",
    "ApprovalSettings",
    "BatchSettings",
    "CalendarSettings",
    "DayLimits",
    "InboxSettings",
    "LimitSettings",
    "NotifySettings",
    "ReportSettings",
    "Settings",
    "SheetSettings",
    "VenueSettings",
    "application_folder",
    "exposure_of_settings",
    "find_journal_password",
    "find_password",
    "load",
    "parse_cut_off",
    "parse_percentage",
    "parse_week",
    "parse_zone",
    "require_login",
    "run_key",
]
