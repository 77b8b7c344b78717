"""A secret that a venue echoes, in any form and any part of an answer, is shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest

from batch.errors import VenueError
from batch.venue import Venue
from tests.venue.conftest import PASSWORD, PAYLOAD, PLACED, Connect, Serve
from tests.venue.sockets import answer, token_answer

TOKEN = "tok/S3CRET+bbbb=0123456789"

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda s: s,
    "in other words": lambda s: f"you said {s}!",
    "first half": lambda s: s[: len(s) // 2 + 1],
    "second half": lambda s: s[len(s) // 2 - 1 :],
    "far behind": lambda s: f"{'x' * (299 - len(s) // 2 - 6)} {s}",
    "URL": lambda s: quote(s, safe=""),
    "URL in full": lambda s: "".join(f"%{byte:02X}" for byte in s.encode()),
    "Base64": lambda s: base64.b64encode(s.encode()).decode(),
    "Base64 after a user": lambda s: base64.b64encode(f"ops:{s}".encode()).decode(),
    "Base64 after a name": lambda s: base64.b64encode(f"user=ops&p={s}&x".encode()).decode(),
    "JSON in a text": lambda s: json.dumps({"pass": "".join(f"\\u{ord(c):04x}" for c in s)}),
    "hexadecimal": lambda s: s.encode().hex(),
    "upper case": lambda s: s.upper(),
}

PLACES: dict[str, Callable[[str], dict[str, object]]] = {
    "status": lambda echo: {**PLACED, "status": echo},
    "orderId": lambda echo: {**PLACED, "orderId": echo},
    "coId": lambda echo: {**PLACED, "coId": echo},
    "execId": lambda echo: {**PLACED, "execId": echo},
    "account": lambda echo: {**PLACED, "account": echo},
    "side": lambda echo: {**PLACED, "side": echo},
    "message": lambda echo: {**PLACED, "errorMessage": echo},
    "errorCode": lambda echo: {"status": "ERROR", "errorCode": echo},
    "another field": lambda echo: {"status": "ERROR", "hint": echo},
    "a field's name": lambda echo: {"status": "ERROR", echo: "no"},
    "a list": lambda echo: {"errorMessage": [echo, [echo]], "status": echo},
}


def pieces(secret: str) -> list[str]:
    """Give what must not be seen: what is half of a secret, as it is and in Base64."""
    forms = [secret, secret.upper(), secret.encode().hex(), quote(secret, safe="")]
    forms += ["".join(f"%{byte:02X}" for byte in secret.encode())]
    forms += ["".join(f"\\u{ord(char):04x}" for char in secret)]
    forms += [base64.b64encode(b"x" * n + secret.encode()).decode()[4:-4] for n in range(3)]
    found = []
    for form in forms:
        length = len(form) // 2 + 1
        found += [form[start : start + length] for start in range(len(form) - length + 1)]
    return found


HIDDEN = [piece for secret in (PASSWORD, TOKEN) for piece in pieces(secret)]


def outcome(call: Callable[[], object]) -> str:
    """Give all that a caller could show of an answer."""
    try:
        return repr(call())
    except VenueError as error:
        return f"{error} {error!r} {vars(error)}"


@pytest.mark.parametrize("secret", [PASSWORD, TOKEN], ids=["password", "token"])
@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
def test_no_part_of_an_answer_shows_a_secret_in_any_form(
    connect: Connect,
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    secret: str,
    escaped: bool,
) -> None:
    answers: list[tuple[str, int, str, str]] = []
    for place, make in PLACES.items():
        for form, echo in FORMS.items():
            text = json.dumps(make(echo(secret)))
            if escaped:
                inner = json.dumps(echo(secret))[1:-1]
                text = text.replace(inner, "".join(f"\\u{ord(c):04x}" for c in echo(secret)))
            answers += [
                (f"{place}, {form}, {status}", status, text, "application/json")
                for status in (202, 400, 500)
            ]
    answers += [
        (f"Content-Type, {form}", 400, "<p>", echo(secret).replace("\n", ""))
        for form, echo in FORMS.items()
    ]
    server = serve(
        lambda peer, _: peer.send(
            answer(current[1], current[2].encode(), **{"Content-Type": current[3]})
        )
    )
    server.login_answer = token_answer(TOKEN)
    venue = connect(server.url)
    caplog.set_level(logging.DEBUG)

    for current in answers:
        for call in (
            lambda: venue.place(PAYLOAD, "b1-2", "req-1"),
            lambda: venue.query("77"),
            lambda: venue.cancel("77"),
        ):
            shown = outcome(call)
            assert [piece for piece in HIDDEN if piece in shown] == [], current
    assert [piece for piece in HIDDEN if piece in caplog.text] == []


@pytest.mark.parametrize("form", FORMS)
def test_login_that_is_refused_shows_no_secret(connect: Connect, serve: Serve, form: str) -> None:
    echo = FORMS[form](PASSWORD)
    server = serve(lambda peer, _: peer.close())
    body = {"status": "ERROR", "errorCode": echo, "errorMessage": echo, echo: echo}
    for status in (200, 401, 403, 429, 503):
        server.on_login = lambda peer, status=status: peer.send(
            answer(status, json.dumps(body).encode())
        )
        venue = connect(server.url)

        shown = outcome(venue.login)

        assert [piece for piece in HIDDEN if piece in shown] == [], status


def test_order_id_that_holds_a_secret_is_no_order_id(connect: Connect, serve: Serve) -> None:
    body = json.dumps({**PLACED, "orderId": f"77-{TOKEN}"}).encode()
    server = serve(lambda peer, _: peer.send(answer(202, body)))
    server.login_answer = token_answer(TOKEN)

    with pytest.raises(VenueError, match="an order with a secret of ours for orderId"):
        connect(server.url).place(PAYLOAD, "b1-2", "req-1")


def test_token_that_an_answer_brings_is_hidden_in_that_answer(
    connect: Connect, serve: Serve
) -> None:
    fresh = "another-token-8842-zzzz"
    body = json.dumps({"errorMessage": f"use {fresh}"}).encode()
    server = serve(
        lambda peer, _: peer.send(answer(400, body, Set_Cookie=f"SSO_TOKEN={fresh}; Path=/"))
    )
    server.login_answer = token_answer(TOKEN)

    with pytest.raises(VenueError, match=r"errorMessage: use \*\*\*"):
        connect(server.url).place(PAYLOAD, "b1-2", "req-1")


def test_what_the_order_says_itself_comes_back_whole(connect: Connect, serve: Serve) -> None:
    account = PASSWORD[:12]
    payload = json.dumps({**json.loads(PAYLOAD), "org": "ACME", "account": account})
    body = json.dumps({**PLACED, "org": "ACME", "account": account}).encode()
    server = serve(lambda peer, _: peer.send(answer(202, body)))
    server.login_answer = token_answer(TOKEN)
    venue: Venue = connect(server.url)

    order = venue.place(payload, "b1-2", "req-1")

    assert order.terms.account == account
    assert order.client_order_id == "b1-2"
