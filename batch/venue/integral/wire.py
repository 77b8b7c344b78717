"""Every fact of the venue's API in one place, so that a wrong one is mended in one line.

"Inferred" marks our own reading of what the venue does not publish.
"""

from __future__ import annotations

import re

LOGIN_PATH = "/v2/sso/login"
# The reference's introduction spells it /sso/tokens/renew, its endpoint page as here; a public
# client was seen using this one.
RENEW_PATH = "/v2/sso/token/renew"
ORDERS_PATH = "/v2/orders"
# Inferred: one endpoint answers "by client ID" and "all active orders", told apart by this.
CLIENT_ID_PARAMETER = "coId"
SPOT_RATE_PATH = "/v2/rates/spot"

TOKEN_NAME = "SSO_TOKEN"
"""Name of the response header, the request header and the cookie that carry the token."""
REQUEST_ID_HEADER = "X-Request-ID"

CLIENT_ORDER_ID = "coId"
ORDER_TYPE = "type"
LIMIT = "Limit"
SIDE = "side"
SYMBOL = "symbol"
CURRENCY = "currency"
SIZE = "size"
PRICE = "price"
TIME_IN_FORCE = "timeInForce"
EXPIRY_TIME = "expiryTime"
MIN_SIZE = "minQty"
ORG = "org"
ACCOUNT = "account"

ORDER_FIELDS = (
    CLIENT_ORDER_ID,
    ORDER_TYPE,
    SIDE,
    SYMBOL,
    CURRENCY,
    SIZE,
    PRICE,
    TIME_IN_FORCE,
    EXPIRY_TIME,
    MIN_SIZE,
    ORG,
    ACCOUNT,
)
"""What we send of an order, in the order in which it is written."""

SERVER_ORDER_ID = "orderId"
STATUS = "status"
FILLED_SIZE = "cumQty"
AVERAGE_PRICE = "averagePrice"
EXECUTION_ID = "execId"

ERROR_CODE = "errorCode"
# Inferred: the error object's fields are not published; any other field is shown by its name.
ERROR_TEXTS = ("errorMessage", "message", "reason")

NAMES = frozenset(
    {
        *ORDER_FIELDS,
        SERVER_ORDER_ID,
        STATUS,
        FILLED_SIZE,
        AVERAGE_PRICE,
        EXECUTION_ID,
        ERROR_CODE,
        *ERROR_TEXTS,
        "bid",
        "offer",
        "serverUTCTime",
    }
)
"""The fields of answers."""

LOGIN_OK = "OK"
TOKEN_EXPIRY = "expiryTime"
SERVER_TIME = "serverUTCTime"
# Inferred: the vendor's own example lives for 60 s; used where an answer names no lifetime.
DEFAULT_TOKEN_LIFETIME_S = 60.0

# Inferred: a 4xx to a login that does not speak of the credentials; anything else does.
LOGIN_MAY_BE_REPEATED = frozenset({408, 425})

# Inferred: statuses of a 4xx to a placing that gateways and proxies give on their own account, or
# that may speak of the order itself; nothing is known from them. 460 and 444 are load balancers'.
DOUBTFUL_REFUSALS = frozenset({408, 409, 425, 444, 460, 499})

# Inferred: what a venue may say that knows the client ID already.
SPEAKS_OF_DUPLICATE = re.compile(
    r"duplic"
    r"|already\W+(exist|been|us|in\W+use|known|received|processed|placed|submitted|taken)"
    r"|not\W+unique|must\W+be\W+unique",
    re.IGNORECASE,
)
