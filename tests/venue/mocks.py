"""Canned answers for requests-mock."""

from __future__ import annotations

import requests_mock

URL = "https://venue.test"
ORDERS = f"{URL}/v2/orders"


def allow_login(mocker: requests_mock.Mocker, token: str = "tok-1", lifetime_s: int = 3600) -> None:
    """Answer every login with this token."""
    mocker.post(
        f"{URL}/v2/sso/login",
        json={"status": "OK", "expiryTime": lifetime_s * 1000, "serverUTCTime": 0},
        headers={"SSO_TOKEN": token},
    )
