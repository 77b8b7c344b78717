"""Holds requests and answers to `venue-openapi.yaml`, with openapi-core.

On top of what openapi-core looks at, a request must not carry a query parameter or a member of an
order that the description does not know: to the venue it would be a misspelt one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

DESCRIPTION = Path(__file__).with_name("venue-openapi.yaml")
HeaderPairs = Mapping[str, str] | Iterable[tuple[str, str]]

_OPENAPI = OpenAPI.from_file_path(str(DESCRIPTION))
with _OPENAPI.spec.open() as _content:
    _SPEC: dict[str, Any] = dict(_content)
_HOST = _SPEC["servers"][0]["url"]


class ContractBroken(AssertionError):
    """A request or an answer is not what the description says."""


@dataclass
class _Request:
    host_url: str
    path: str
    method: str
    body: bytes | None
    content_type: str
    parameters: RequestParameters


@dataclass
class _Response:
    status_code: int
    headers: Headers
    content_type: str
    data: bytes = field(repr=False)


def assert_request_valid(
    method: str, url: str, headers: HeaderPairs, body: bytes | str | None = None
) -> None:
    """Check a request that a client sent.

    Args:
        url: whole, or from the path on; the host does not matter.
        headers: with the token, or with a signature (`type: hmac`), which the description does
            not know and which therefore stands for a token here.

    Raises:
        ContractBroken: it is not what the description says.
    """
    request = _request(method, url, headers, body)
    try:
        _OPENAPI.validate_request(request)
    except OpenAPIError as error:
        raise ContractBroken(f"{method} {url}: {_words(error)}") from error
    _check_names(method, url, request)


def assert_response_valid(
    method: str,
    url: str,
    status: int,
    headers: HeaderPairs,
    body: bytes,
) -> None:
    """Check the answer to a request.

    Raises:
        ContractBroken: it is not what the description says.
    """
    found = _headers(headers)
    content_type = found.get("Content-Type", "")
    response = _Response(status, found, content_type, body)
    try:
        _OPENAPI.validate_response(_request(method, url, (), None), response)
    except OpenAPIError as error:
        raise ContractBroken(f"{method} {url}: {status}: {_words(error)}") from error


def _request(method: str, url: str, headers: HeaderPairs, body: bytes | str | None) -> _Request:
    parts = urlsplit(url)
    found = _headers(headers)
    if found.get("type", "").lower() == "hmac" and "Authorization" in found:
        found["SSO_TOKEN"] = "signed"
    return _Request(
        host_url=_HOST,
        path=unquote(parts.path),
        method=method.lower(),
        body=body.encode() if isinstance(body, str) else body,
        content_type=found.get("Content-Type", ""),
        parameters=RequestParameters(
            query=ImmutableMultiDict(parse_qsl(parts.query, keep_blank_values=True)),
            header=found,
        ),
    )


def _headers(headers: HeaderPairs) -> Headers:
    return Headers(list(headers.items() if isinstance(headers, Mapping) else headers))


def _check_names(method: str, url: str, request: _Request) -> None:
    known = {
        parameter["name"]
        for path_item in _SPEC["paths"].values()
        for parameter in path_item.get(request.method, {}).get("parameters", ())
        if parameter["in"] == "query"
    }
    if strange := set(request.parameters.query) - known:
        raise ContractBroken(f"{method} {url}: unknown query parameters: {sorted(strange)}")
    if request.body and request.path == "/v2/orders":
        members = set(json.loads(request.body))
        if strange := members - set(_SPEC["components"]["schemas"]["LimitOrder"]["properties"]):
            raise ContractBroken(f"{method} {url}: unknown members: {sorted(strange)}")


def _words(error: BaseException) -> str:
    """Give what is wrong in words: the schema's, or else those of the innermost cause."""
    if error.__cause__ is not None:
        return _words(error.__cause__)
    return "; ".join(inner.message for inner in getattr(error, "schema_errors", ())) or str(error)
