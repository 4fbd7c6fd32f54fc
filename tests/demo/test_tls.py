"""The demo over HTTPS: an authority of its own, and every visitor of ours trusts it."""

import asyncio
import http.client
import socket
import ssl
from pathlib import Path

import pytest

from cloud.people.access import COOKIE
from cloud.people.rights import Role
from cloud.settings import Https
from haidang.console_client import NoAnswer, signed_in
from haidang.demo.tls import certificate, how_to_trust
from haidang.demo.visitor import Visitor
from tests.cloud.cities import small_city, write_city
from tests.cloud.clocks import standing_clock
from tests.cloud.serving import PASSWORD, serving, settings_in


def test_a_certificate_that_is_good_is_kept(tmp_path: Path) -> None:
    first = certificate(tmp_path).console.certificate.read_bytes()
    assert certificate(tmp_path).console.certificate.read_bytes() == first
    assert (tmp_path / "tls" / "ca.key").stat().st_mode & 0o077 == 0


def test_it_is_said_how_to_trust_it(tmp_path: Path) -> None:
    assert str(tmp_path / "ca.crt") in how_to_trust(tmp_path / "ca.crt")[0]


async def test_the_console_is_reached_over_tls_by_every_name_of_the_machine(tmp_path: Path) -> None:
    write_city(tmp_path / "inventory.json", small_city())
    shown = certificate(tmp_path)
    settings = settings_in(tmp_path, https=Https.model_validate(shown.settings))
    async with serving(settings, standing_clock()[0]) as service:
        await service.parts.people.add("lan", PASSWORD, Role.VIEWER)

        def visit() -> None:
            for name in ("localhost", "127.0.0.1", "::1", socket.gethostname()):
                _shake_hands(service.port, name, shown.authority)
            with pytest.raises(ssl.SSLCertVerificationError):
                _shake_hands(service.port, "another.example", shown.authority)
            given, strict = _sign_in(service.port, shown.authority)
            assert given.startswith(f"__Host-{COOKIE}=")
            assert "secure" in given.lower()
            assert strict == "max-age=31536000"
            url = f"https://127.0.0.1:{service.port}"
            with signed_in(url, "lan", PASSWORD, shown.authority) as console:
                assert console.look("/api/v1/session")["username"] == "lan"
            with pytest.raises(NoAnswer), signed_in(url, "lan", PASSWORD):
                pass

        await asyncio.to_thread(visit)
        assert await Visitor(service.port, tmp_path, shown.authority).reported() == 0
        assert await Visitor(service.port, tmp_path).reported() is None


def _shake_hands(port: int, name: str, ca: Path) -> None:
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        assert tls.version() in ("TLSv1.2", "TLSv1.3")


def _sign_in(port: int, ca: Path) -> tuple[str, str]:
    context = ssl.create_default_context(cafile=ca)
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    try:
        body = f'{{"username": "lan", "password": "{PASSWORD}"}}'
        connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.getheader("set-cookie") or "", answer.getheader("strict-transport-security") or ""
    finally:
        connection.close()
