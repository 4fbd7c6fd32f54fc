"""What a cloud service is told before it starts: cloud.yaml, and the database's address from the environment."""

import os
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, IPvAnyNetwork, field_validator, model_validator

from cloud.people.rights import Role
from cloud.sso.settings import SignOn
from cloud.telemetry.settings import DuckDb, InfluxDb, Telemetry
from protocols import config
from protocols.config import ConfigError, ConfigModel, Document
from protocols.durations import Span, span
from protocols.inventory import Name
from protocols.light import LocalTime
from protocols.names import Id
from rules.consent import Limits

DATABASE_URL = "HAIDANG_DATABASE_URL"
_SCHEMES = ("sqlite+aiosqlite", "postgresql+asyncpg")


class Address(ConfigModel):
    """A host and a port, in YAML as `127.0.0.1:8080`. Port 0 lets the machine choose."""

    host: str = Field(min_length=1)
    port: int = Field(ge=0, le=65535)


def _address(text: object) -> object:
    if not isinstance(text, str):
        return text
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal()):
        raise ValueError(f"{text!r} is not an address; write a host and a port, as in 127.0.0.1:8080")
    return {"host": host.strip("[]"), "port": int(port)}


class Tls(ConfigModel):
    """Files in PEM. Without `certificate` and `key` only the broker proves who it is."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _is_a_pair(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together; give both or none")
        return self


class Https(ConfigModel):
    """The console's own certificate, where no proxy stands before it. PEM; `ca` is whom visitors are to trust."""

    certificate: Path
    key: Path
    ca: Path | None = None


class Broker(ConfigModel):
    """The MQTT broker; the password stands in a file of its own. With a certificate none is needed."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str = "cloud"
    password_file: Path | None = None
    tls: Tls | None = None


class Mail(ConfigModel):
    """The mail server for notices, and who gets them."""

    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    sender: str = Field(min_length=3)
    technicians: tuple[str, ...] = ()


class Consent(ConfigModel):
    """How many lamps one person commands without more, and how many when sure (docs/commands.md)."""

    alone: int = Field(default=20, ge=0)
    one_person: int = Field(default=500, ge=0)

    @model_validator(mode="after")
    def _do_not_cross(self) -> Self:
        Limits(self.alone, self.one_person)
        return self


class SelfTestTimes(ConfigModel):
    """Every luminaire is tested once in so many days, some of them every night at a local time."""

    every: Span = span("30d")
    at: LocalTime = time(1, 30)

    @model_validator(mode="after")
    def _is_whole_days(self) -> Self:
        if self.every < timedelta(days=1):
            raise ValueError("`every` is a day or more, as in 30d")
        return self


class PasswordCost(ConfigModel):
    """Argon2id: how dear one guess is. The default is the second recommendation of RFC 9106, section 4."""

    memory_kib: int = Field(default=64 * 1024, ge=8)
    rounds: int = Field(default=3, ge=1)
    lanes: int = Field(default=4, ge=1)


class Site(ConfigModel):
    """A city that the service lights: its name in topics and areas, where its inventory and its map are, and the plan
    that its light begins with at the very first start (docs/light.md)."""

    id: Id
    inventory: Path = Path("inventory.json")
    basemap: Path = Path("basemap.geojson")
    light: Path | None = None

    def placed(self, folder: Path) -> "Site":
        """The same with paths that no longer depend on a folder."""
        said = {"inventory": self.inventory, "basemap": self.basemap, "light": self.light}
        places = {name: path and (folder / path).absolute() for name, path in said.items()}
        return self.model_copy(update=places)


class Settings(ConfigModel):
    """Everything that may stand in cloud.yaml. Paths are relative to the file's folder.

    A file from before there could be several sites names one, with `site`, `inventory` and `basemap` on its top level.
    """

    sites: tuple[Site, ...] = Field(min_length=1)
    province: Name = Name(vi="Toàn tỉnh", en="Whole province")
    signs_as: Id | None = Field(default=None, description="the audit log's heads; default: the first of the sites")
    data: Path = Path()
    listen: Annotated[Address, BeforeValidator(_address)] = Address(host="127.0.0.1", port=8080)
    https: Https | None = None
    console_url: str | None = Field(default=None, description="how people reach the console; for links in messages")
    proxies: tuple[IPvAnyNetwork, ...] = Field(default=(), description="who may say for whom it asks, and over what")
    broker: Broker = Broker()
    mail: Mail | None = None
    telemetry: Telemetry = DuckDb()
    admin_password_file: Path = Path("secrets/admin")
    sign_on: tuple[SignOn, ...] = Field(default=(), description="who else may say who somebody is (docs/sign-on.md)")
    edge_tokens: Path | None = Field(default=None, description="a line EDGE:SHA256 of its token for each edge")
    database_url: str | None = Field(default=None, description="default: registry.sqlite in the data folder")
    database_url_file: Path | None = Field(default=None, description="the same in a file of its own, with its password")
    passwords: PasswordCost = PasswordCost()
    session_lasts: Span = span("12h")
    second_factor_for: tuple[Role, ...] = Field(default=(), description="roles that must have a second factor")
    session_idle: Span = Field(default=span("4h"), description="nobody has done anything; administrators: 30 minutes")
    consent: Consent = Field(default=Consent(), description="numbers of lamps from which on a command takes more")
    self_test: SelfTestTimes | None = Field(default=None, description="default: nothing is tested by itself")
    resend_every: Span = span("5s")
    stale_after: Span = Field(default=span("2m"), description="without a reading for so long, a lamp is out of contact")
    commit_every: Span = Field(default=span("10s"), description="how often samples go into the telemetry store")
    live_every: Span = span("1s")
    overview_every: Span = span("2s")

    @model_validator(mode="before")
    @classmethod
    def _of_one_site(cls, said: Any) -> Any:
        if not isinstance(said, dict) or "site" not in said:
            return said
        if "sites" in said:
            raise ValueError("give `sites`, a list with an `id` for each, and not `site` beside it")
        names = {"site": "id", "inventory": "inventory", "basemap": "basemap"}
        site = {name: said[old] for old, name in names.items() if old in said}
        return {"sites": (site,), **{name: value for name, value in said.items() if name not in names}}

    @field_validator("sites")
    @classmethod
    def _are_several(cls, sites: tuple[Site, ...]) -> tuple[Site, ...]:
        for n, site in enumerate(sites):
            if site.id in {other.id for other in sites[:n]}:
                raise ValueError(f"{site.id} stands twice; every id names one site")
        return sites

    @field_validator("live_every")
    @classmethod
    def _is_no_oscilloscope(cls, every: timedelta) -> timedelta:
        if every < timedelta(seconds=1):
            raise ValueError(f"{every.total_seconds():g}s is too short; give 1s or more")
        return every

    @field_validator("sign_on")
    @classmethod
    def _are_told_apart(cls, providers: tuple[SignOn, ...]) -> tuple[SignOn, ...]:
        if len({one.id for one in providers}) < len(providers):
            raise ValueError("two have the same id; give each its own")
        return providers

    @model_validator(mode="after")
    def _speaks_async(self) -> Self:
        if self.scheme not in _SCHEMES:
            raise ValueError(f"database_url: {self.scheme} is not one of {' and '.join(_SCHEMES)}")
        return self

    @property
    def signer(self) -> str:
        """Whose the signed heads of the audit log are: they stay good when a city joins at the end of the list."""
        return self.signs_as or self.sites[0].id

    @property
    def scheme(self) -> str:
        """The front of the database's address, which carries no secret."""
        return (self.database_url or _SCHEMES[0]).partition(":")[0]

    @property
    def database(self) -> str:
        """The registry's address for SQLAlchemy."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data / 'registry.sqlite'}"

    @property
    def own_url(self) -> str:
        """Where the service answers on this machine."""
        host = "127.0.0.1" if self.listen.host in ("0.0.0.0", "::") else self.listen.host  # noqa: S104 - not bound here
        return f"{self._front}[{host}]:{self.listen.port}" if ":" in host else f"{self._front}{host}:{self.listen.port}"

    @property
    def console(self) -> str:
        """The front of every link to the console."""
        return (self.console_url or f"{self._front}{self.listen.host}:{self.listen.port}").rstrip("/")

    @property
    def _front(self) -> str:
        return "https://" if self.https else "http://"


def load_settings(path: Path, data: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read cloud.yaml. Raises OSError and ConfigError. `data` stands above what the file says."""
    document = config.parse(path.read_bytes(), str(path))
    if isinstance(document.content, dict):
        _say_where_the_registry_is(document, path.parent, environ)
    settings = _placed(config.validate(document, Settings), path.parent, data)
    missing = [document.problem(key, f"{file}: no such file") for key, file in _files(settings) if not file.is_file()]
    if missing:
        raise ConfigError(missing)
    return settings


def _say_where_the_registry_is(document: Document, folder: Path, environ: Mapping[str, str]) -> None:
    """The environment stands above the file's own file, which stands above the file."""
    named = document.content.get("database_url_file")
    if environ.get(DATABASE_URL):
        document.content["database_url"] = environ[DATABASE_URL]
    elif isinstance(named, str):
        try:
            document.content["database_url"] = (folder / named).read_text("utf-8").strip()
        except OSError as error:
            advice = f"{folder / named}: {error.strerror}"
            raise ConfigError([document.problem(("database_url_file",), advice)]) from error


def _files(settings: Settings) -> Iterator[tuple[config.Path, Path]]:
    """What has to be there at the start; a password may come later."""
    parts: list[tuple[config.Path, ConfigModel | None]] = [
        (("broker", "tls"), settings.broker.tls),
        (("https",), settings.https),
        (("telemetry",), settings.telemetry),
        *((("sign_on", index), one) for index, one in enumerate(settings.sign_on)),
    ]
    for place, part in parts:
        for name, value in part or ():
            if isinstance(value, Path):
                yield (*place, name), value


def _placed(settings: Settings, folder: Path, data: Path | None) -> Settings:
    """The same settings with paths that no longer depend on a folder."""
    broker, password, tls = settings.broker, settings.broker.password_file, settings.broker.tls
    telemetry, https = settings.telemetry, settings.https
    placed = {
        "password_file": password and (folder / password).absolute(),
        "tls": tls and Tls(**{name: file and (folder / file).absolute() for name, file in tls}),
    }
    return settings.model_copy(
        update={
            "data": (data or folder / settings.data).absolute(),
            "sites": tuple(site.placed(folder) for site in settings.sites),
            "admin_password_file": (folder / settings.admin_password_file).absolute(),
            "https": https and Https(**{name: file and (folder / file).absolute() for name, file in https}),
            "sign_on": tuple(one.placed(folder) for one in settings.sign_on),
            "edge_tokens": settings.edge_tokens and (folder / settings.edge_tokens).absolute(),
            "broker": broker.model_copy(update=placed),
            "telemetry": telemetry.placed(folder) if isinstance(telemetry, InfluxDb) else telemetry,
        }
    )
