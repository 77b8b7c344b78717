"""Secrets are found in every form that a server might give them, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from batch.venue.http.redaction import LONGEST, MARK, Redactor, Secrets

PASSWORD = "Pä ss/w0rd&\"'=+%x"
TOKEN = "tok-S3CRET-bbbb-0123456789-abcdef"

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda s: s,
    "upper case": lambda s: s.upper(),
    "URL": lambda s: quote(s, safe=""),
    "URL in full": lambda s: "".join(f"%{byte:02x}" for byte in s.encode()),
    "form": quote_plus,
    "URL twice": lambda s: quote(quote(s, safe=""), safe=""),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON in full": lambda s: "".join(
        f"\\u{one}" for one in s.encode("utf-16-be").hex(" ", 2).upper().split()
    ),
    "JSON in JSON": lambda s: json.dumps(json.dumps(s))[1:-1],
    "HTML": html.escape,
    "HTML in full": lambda s: "".join(f"&#{ord(char)};" for char in s),
    "HTML in hexadecimal": lambda s: "".join(f"&#x{ord(char):X};" for char in s),
    "in lines": lambda s: "\r\n".join(s[place : place + 5] for place in range(0, len(s), 5)),
    "hexadecimal": lambda s: s.encode().hex().upper(),
    **{
        f"Base64 after {before} bytes": lambda s, n=before: base64.b64encode(  # type: ignore[misc]
            b"x" * n + s.encode() + b"more"
        ).decode()
        for before in range(4)
    },
    "Base64 of URLs": lambda s: base64.urlsafe_b64encode(b"?" + s.encode()).decode(),
    "Base64 in lines": lambda s: "\n".join(
        base64.b64encode(s.encode()).decode()[place : place + 7] for place in range(0, 99, 7)
    ),
    "Base64 in a URL": lambda s: quote(base64.b64encode(s.encode()).decode(), safe=""),
}


def longest_run(secret: str, text: str) -> int:
    """Count the most characters of a secret that stand in a row in a text."""
    return max(
        (
            end - start
            for start in range(len(secret))
            for end in range(start + 1, len(secret) + 1)
            if secret[start:end] in text
        ),
        default=0,
    )


@pytest.mark.parametrize("secret", [PASSWORD, TOKEN, "simple-pass"])
@pytest.mark.parametrize("form", FORMS)
def test_secret_is_taken_out_in_every_form(form: str, secret: str) -> None:
    echo = FORMS[form](secret)

    text = Redactor([secret])(f"no: {echo}; sorry")

    assert MARK in text
    assert text.startswith("no: ") and text.endswith("; sorry")
    assert longest_run(echo, text) <= max(len(echo) // 2, 4)


@pytest.mark.parametrize("secret", [PASSWORD, TOKEN, "simple-pass"])
@pytest.mark.parametrize("form", ["as it is", "URL", "JSON in full", "HTML", "hexadecimal"])
def test_half_of_a_secret_is_taken_out_too(form: str, secret: str) -> None:
    redact = Redactor([secret])
    middle = len(secret) // 2 + 2

    for half in (secret[:middle], secret[-middle:], secret[2 : 2 + middle]):
        assert redact(f"<{FORMS[form](half.strip())}>") == f"<{MARK}>"


@pytest.mark.parametrize("secret", [PASSWORD, TOKEN])
def test_base64_of_half_a_secret_is_taken_out_but_for_its_edges(secret: str) -> None:
    middle = (len(secret.encode()) + 1) // 2
    for start in (0, 1, 2, 3):
        half = secret.encode()[start : start + middle + 3]
        echo = base64.b64encode(b"ab" + half).decode()

        text = Redactor([secret])(echo)

        assert MARK in text
        assert longest_run(echo, text) < len(echo) / 2


def test_small_pieces_and_other_words_stay() -> None:
    redact = Redactor([TOKEN, PASSWORD, "simple-pass"])

    for text in ("FILLED", "tok-S3CR", "simpl", "EUR/USD", "4820276010", "", "a" * 500, "%%\\u"):
        assert redact(text) == text


def test_secret_of_three_letters_is_found_everywhere_and_so_not_looked_for() -> None:
    assert Redactor(["abc"])("abc abc") == "abc abc"
    assert Redactor(["abcd"])("xabcdx") == f"x{MARK}x"


def test_order_id_of_digits_is_no_half_of_a_short_password_in_hexadecimal() -> None:
    redact = Redactor(["bench"])  # in hexadecimal 62656e6368

    assert redact("62656") == "62656"
    assert MARK in redact("as 62656E6368")


def test_public_word_stays_where_it_is_the_whole_text() -> None:
    redact = Redactor(["desk-2024"], ["DESK-2"])

    assert redact("desk-2") == "desk-2"
    assert redact("desk-2 said no") == f"{MARK} said no"
    assert redact("desk-2024") == MARK


def test_text_that_no_order_needs_is_cut_before_it_takes_time() -> None:
    assert len(Redactor([TOKEN])("x" * 1_000_000)) == LONGEST


def test_tokens_are_hidden_until_several_others_came() -> None:
    secrets = Secrets()
    secrets.add(SecretStr("password-1"))
    for number in range(20):
        secrets.add_passing(SecretStr(f"token-{number:02}-{number * 7919:08}"))

    assert secrets.redact("password-1") == MARK
    assert secrets.redact("token-19-00150461") == MARK
    assert secrets.redact("token-15-00118785") == MARK


def test_what_was_sent_is_no_secret() -> None:
    secrets = Secrets()
    secrets.add(SecretStr("main-2024-x!"))
    assert secrets.redact("main-2024") == MARK

    secrets.publish(["main-2024", "EUR/USD"])

    assert secrets.redact("main-2024") == "main-2024"
    assert secrets.redact("main-2024-x!") == MARK


def test_secrets_do_not_show_in_what_holds_them() -> None:
    secrets = Secrets()
    secrets.add(SecretStr(TOKEN))

    assert TOKEN not in repr(secrets)
    assert TOKEN not in repr(Redactor([TOKEN]))


@given(
    secret=st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=8),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    form=st.sampled_from(["as it is", "URL", "URL in full", "JSON in full", "HTML in full"]),
)
def test_any_secret_is_taken_out_of_any_text(
    secret: str, before: str, after: str, form: str
) -> None:
    echo = FORMS[form](secret)

    text = Redactor([secret])(before + echo + after)

    assert echo not in text or echo in before + after
