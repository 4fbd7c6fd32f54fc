"""What the receiver must know of the broker."""

import ssl
from pathlib import Path
from typing import Protocol


class TlsFiles(Protocol):
    """Files in PEM. Without `certificate` only the broker proves who it is."""

    @property
    def ca(self) -> Path: ...

    @property
    def certificate(self) -> Path | None: ...

    @property
    def key(self) -> Path | None: ...


class BrokerSettings(Protocol):
    """Address and account; password and certificates stand in files of their own and are read at each connection."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def username(self) -> str | None: ...

    @property
    def password_file(self) -> Path | None: ...

    @property
    def tls(self) -> TlsFiles | None: ...


def password(broker: BrokerSettings) -> str | None:
    """The account's password, or `None` for a broker without accounts. Raises OSError."""
    return broker.password_file.read_text("utf-8").strip() if broker.password_file else None


class _Socket(ssl.SSLSocket):
    """Closes itself when the two cannot agree: paho has not got hold of it by then."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def secured(tls: TlsFiles) -> ssl.SSLContext:
    """A context that trusts this authority alone. `renew` loads what is on disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _Socket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    renew(context, tls)
    return context


def renew(context: ssl.SSLContext, tls: TlsFiles) -> None:
    """Load the files again, so that a new certificate needs no restart. Raises OSError."""
    context.load_verify_locations(tls.ca)
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
