"""A city's own certificate authority, by the `openssl` that every Linux has. Keys are EC P-256.

A certificate that is good for long enough and says the right names is left alone, so `issue` may run as often as one
likes; one that nears its end is made anew, with its old key.
"""

import ipaddress
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

AUTHORITY_DAYS = 3650
DAYS = 397  # what browsers take of a public authority; short enough that renewing does not become a legend
RENEW_DAYS = 130  # a third of its life before its end

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256")


class NoCertificate(RuntimeError):
    """openssl is not there, or refuses."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, in PEM."""

    certificate: Path
    key: Path

    @classmethod
    def in_folder(cls, folder: Path, name: str) -> "Pair":
        """NAME.crt and NAME.key."""
        return cls(folder / f"{name}.crt", folder / f"{name}.key")


def authority(folder: Path, site: str) -> Pair:
    """The city's authority; made when it is not there. Who has its key can be anybody. Raises NoCertificate."""
    pair = Pair.in_folder(folder, "ca")
    if not pair.certificate.exists():
        said = ("basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign")
        extensions = [argument for line in said for argument in ("-addext", line)]
        place = ["-keyout", str(pair.key), "-out", str(pair.certificate)]
        subject = ["-subj", f"/O=Haidang/CN=Haidang {site}"]
        _openssl("req", "-x509", *_NEW_KEY, *place, *subject, "-days", str(AUTHORITY_DAYS), *extensions)
        _for_its_owner(pair)
    return pair


def is_of_another(of: Pair, pair: Pair) -> bool:
    """There is a certificate, and an authority with another name than `of` has signed it. Raises NoCertificate."""
    if not pair.certificate.exists():
        return False
    signer = _openssl("x509", "-in", str(pair.certificate), "-noout", "-issuer")
    ours = _openssl("x509", "-in", str(of.certificate), "-noout", "-subject")
    return signer.partition("=")[2] != ours.partition("=")[2]


def issue(of: Pair, pair: Pair, name: str, hosts: Sequence[str] = ()) -> bool:
    """A certificate by the authority `of`: a server's when it has hosts, else a client's. True when it is a new one.

    Raises NoCertificate.
    """
    if pair.certificate.exists() and _is_good(of, pair, hosts):
        return False
    if not pair.key.exists():
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(pair.key))
    with tempfile.TemporaryDirectory() as scratch:
        request, extensions = Path(scratch) / "request", Path(scratch) / "extensions"
        _openssl("req", "-new", "-key", str(pair.key), "-subj", f"/CN={name}", "-out", str(request))
        extensions.write_text(_extensions(hosts))
        signer = ["-CA", str(of.certificate), "-CAkey", str(of.key), "-set_serial", f"0x{secrets.token_hex(16)}"]
        what = ["-in", str(request), "-out", str(pair.certificate), "-extfile", str(extensions)]
        _openssl("x509", "-req", "-sha256", "-days", str(DAYS), *signer, *what)
    _for_its_owner(pair)
    return True


def _extensions(hosts: Sequence[str]) -> str:
    lines = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
    lines.append(f"extendedKeyUsage={'serverAuth' if hosts else 'clientAuth'}")
    if hosts:
        lines.append("subjectAltName=" + ",".join(f"{_kind(host)}:{host}" for host in hosts))
    return "\n".join(lines) + "\n"


def _spelled(host: str) -> str:
    """One spelling for an address; openssl writes ::1 out."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower()


def _kind(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "DNS"
    return "IP"


def _is_good(of: Pair, pair: Pair, hosts: Sequence[str]) -> bool:
    """Signed by this authority, for exactly these hosts, and for long enough."""
    crt = str(pair.certificate)
    try:
        _openssl("verify", "-CAfile", str(of.certificate), crt)
        _openssl("x509", "-in", crt, "-noout", "-checkend", str(RENEW_DAYS * 86_400))
        said = _openssl("x509", "-in", crt, "-noout", "-ext", "subjectAltName") if hosts else ""
    except NoCertificate:
        return False
    names = [part.strip().partition(":")[2] for line in said.splitlines()[1:] for part in line.split(",")]
    return sorted(map(_spelled, names)) == sorted(map(_spelled, hosts))


def _for_its_owner(pair: Pair) -> None:
    pair.key.chmod(0o600)
    pair.certificate.chmod(0o600)


def _openssl(*arguments: str) -> str:
    found = shutil.which("openssl")
    if found is None:
        raise NoCertificate("openssl is not on this machine: apt install openssl")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoCertificate(f"openssl {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
