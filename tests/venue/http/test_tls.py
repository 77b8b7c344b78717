"""The same over TLS, as it is with a real venue."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from batch.errors import NotDelivered, OutcomeUnknown
from tests.venue.conftest import PAYLOAD, PLACED, Connect
from tests.venue.sockets import Peer, Request, Script, ScriptedServer, answer

NOT_TRUSTED = (
    r"found: a certificate that is not trusted \([^)]+\)\. Check ORDERBATCH_URL, \[venue\] "
    r"ca_bundle \(for a private authority\) and the network; nothing was sent\.$"
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


class TLSServer(ScriptedServer):
    context: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def _serve(self, peer: Peer) -> None:
        try:
            peer.sock = self.context.wrap_socket(peer.sock, server_side=True)
        except OSError:
            return
        super()._serve(peer)


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[TLSServer]:
    with TLSServer(lambda peer, request: peer.answer(202, PLACED)) as server:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(server.context)
        yield server


def drip(part: slice) -> Script:
    """Answer a part at once and the rest a byte at a time."""
    whole = answer(202, b'{"coId": "b1-2", "orderId": "77"}' + b" " * 500)

    def script(peer: Peer, request: Request) -> None:
        peer.send(whole[part])
        for byte in whole[part.stop :]:
            peer.send(bytes([byte]))
            time.sleep(0.02)

    return script


def test_order_is_placed_over_one_kept_connection_that_the_bundle_vouches_for(
    server: TLSServer, connect: Connect, bundle: Path
) -> None:
    venue = connect(server.url, ca_bundle=bundle)

    ids = [venue.place(PAYLOAD, "b1-2", f"req-{n}").server_order_id for n in range(3)]

    assert ids == ["77"] * 3
    assert server.connections == 1


def test_fault_7_certificate_of_an_unknown_authority_is_proven_unsent(
    server: TLSServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    # Not even the environment can vouch for it.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))

    with pytest.raises(NotDelivered, match=NOT_TRUSTED):
        connect(server.url).place(PAYLOAD, "b1-2", "req-1")

    assert server.requests == []


def test_fault_7_certificate_of_another_host_is_proven_unsent(
    server: TLSServer, connect: Connect, bundle: Path
) -> None:
    url = f"https://127.0.0.1:{server.port}"

    with pytest.raises(NotDelivered, match=NOT_TRUSTED):
        connect(url, ca_bundle=bundle).place(PAYLOAD, "b1-2", "req-1")

    assert server.requests == []


@pytest.mark.parametrize("part", [slice(0, 0), slice(0, 60)], ids=["headers", "body"])
def test_fault_9_answer_that_drips_through_tls_ends_at_the_deadline(
    server: TLSServer, connect: Connect, bundle: Path, part: slice
) -> None:
    server.script = drip(part)
    started_at = time.monotonic()

    with pytest.raises(OutcomeUnknown, match=r"no complete answer within 0\.5 s"):
        connect(server.url, ca_bundle=bundle, deadline_s=0.5).place(PAYLOAD, "b1-2", "req-1")

    assert time.monotonic() - started_at < 5


def test_fault_8_reset_after_the_post_through_tls_is_unknown(
    server: TLSServer, connect: Connect, bundle: Path
) -> None:
    server.script = lambda peer, request: peer.reset()

    with pytest.raises(OutcomeUnknown):
        connect(server.url, ca_bundle=bundle).place(PAYLOAD, "b1-2", "req-1")

    assert len(server.sent("POST", "/v2/orders")) == 1


def test_fault_9_truncated_tls_stream_is_unknown(
    server: TLSServer, connect: Connect, bundle: Path
) -> None:
    def script(peer: Peer, request: Request) -> None:
        peer.send(answer(202, b'{"coId": "b1-2", "orderId": "77"}')[:-5])
        peer.close()

    server.script = script

    with pytest.raises(OutcomeUnknown):
        connect(server.url, ca_bundle=bundle).place(PAYLOAD, "b1-2", "req-1")
