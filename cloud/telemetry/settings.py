"""`telemetry:` in cloud.yaml: which engine keeps the samples, and for how long."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Discriminator, Field, Tag

from protocols.config import ConfigModel
from protocols.durations import Span, span


class Retention(ConfigModel):
    """How long samples and their summaries are kept; `null` is for ever."""

    raw: Span | None = Field(default=span("90d"), description="samples as they were read")
    five_minutes: Span | None = Field(default=span("730d"), description="5-minute sums of wards and groups")
    hours: Span | None = Field(default=None, description="hours of devices, wards and groups")


class DuckDb(ConfigModel):
    """The embedded store in the data folder."""

    engine: Literal["duckdb"] = "duckdb"
    seal_after: Span = Field(
        default=span("10m"),
        description="how long an hour stays open after its end; what comes later costs a file of its own",
    )
    retention: Retention = Retention()


def _url(text: object) -> object:
    parts = urlsplit(text) if isinstance(text, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("not the address of a server; write http://HOST:8086 or https://HOST")
    return text


Bucket = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?$", max_length=200)]


class InfluxDb(ConfigModel):
    """An InfluxDB 1.8, 2 or 3, or an openGemini. How long it keeps what is in a bucket is set there, not here."""

    engine: Literal["influxdb"]
    url: Annotated[str, BeforeValidator(_url)]
    bucket: Bucket = Field(description="samples; `city` or, with a retention policy, `city/raw`")
    five_minutes_bucket: Bucket | None = Field(default=None, description="5-minute sums; default: the same bucket")
    hours_bucket: Bucket | None = Field(default=None, description="hours; default: the same bucket")
    org: str = Field(default="-", min_length=1, description="only InfluxDB 2 asks for it")
    token_file: Path
    ca_file: Path | None = Field(default=None, description="PEM, for a server whose authority is one's own")
    timeout: Span = span("30s")

    def placed(self, folder: Path) -> "InfluxDb":
        """The same with paths that no longer depend on a folder."""
        ca_file = self.ca_file and (folder / self.ca_file).absolute()
        return self.model_copy(update={"token_file": (folder / self.token_file).absolute(), "ca_file": ca_file})


def _engine(content: object) -> str | None:
    """Which of the two a mapping, or a model, is about."""
    named = content.get("engine", "duckdb") if isinstance(content, dict) else getattr(content, "engine", "duckdb")
    return named if isinstance(named, str) else None


Telemetry = Annotated[
    Annotated[DuckDb, Tag("duckdb")] | Annotated[InfluxDb, Tag("influxdb")],
    Discriminator(
        _engine, custom_error_type="engine", custom_error_message="engine: there are only duckdb and influxdb"
    ),
]


class TelemetryFile(ConfigModel):
    """This part of cloud.yaml in a file of its own."""

    telemetry: Telemetry
