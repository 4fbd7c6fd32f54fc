"""The bytes between edge and cloud: JSON by orjson, versioned, at most 64 kB, telemetry in columns.

A batch is named by (edge, epoch, stream, seq); edge and stream come from the topic. `floor` is the oldest seq that
the edge still holds, so that a declared loss can be told from a hole.

    {"v": 1, "epoch": "…", "seq": 17, "floor": 3, "tables": [...], "events": [...]}

Bytes that are not a batch raise a WireError that says where and what:

    WireError
      TooLarge       more than MAX_BYTES
      NotJson        truncated or not JSON at all
      WrongVersion   a version that this software does not speak
      BadShape       JSON, but not what belongs there; names the place
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from protocols.commands import MOST_LAMPS, Answer, Command, Group, GroupAnswer, group_and_place, in_columns
from protocols.names import Id, Words, is_id
from protocols.quantities import QUANTITIES
from protocols.readings import LAST_SECOND, Quality, Table
from protocols.topics import Stream

VERSION = 1
_GROUP_VERSION = 2
_COMMAND_VERSIONS = (VERSION, _GROUP_VERSION)
MAX_BYTES = 64_000  # nats-server's max_payload counts about 25 bytes of its own; the broker is set to 72 KB
_HEADER_BYTES = 256  # room for version, epoch, seq and floor around a body
_MAX_SEQ = 2**53  # exact in every JSON reader
# Of a time that an edge may go by: nights are counted from it, forwards and backwards, and datetime ends with 9999.
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

Event = Answer


class WireError(ValueError):
    """These bytes are not one of our messages."""


class TooLarge(WireError):
    """More bytes than a message may have."""


class NotJson(WireError):
    """Truncated, or not JSON."""


class WrongVersion(WireError):
    """A version that this software does not speak."""


class BadShape(WireError):
    """JSON, but something is missing or of the wrong type."""


@dataclass(frozen=True, slots=True)
class Header:
    """The name of a batch inside its stream. `floor` <= `seq`; the first seq of an epoch is 1."""

    epoch: str
    seq: int
    floor: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch as it was received."""

    header: Header
    tables: Sequence[Table]
    events: Sequence[Event]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    v: Literal[1] = 1


class Document(BaseModel):
    """A document that an edge should hold, or holds. `hash` is the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Id
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")


class RefusedDocument(Document):
    """A document that an edge should hold and does not take; what it held before stays in force."""

    reason: Words = Field(max_length=2000)


class Desired(_Message):
    """Every document that an edge should hold, and no other; retained."""

    documents: tuple[Document, ...] = Field(max_length=50)


class Birth(_Message):
    """Who an edge is; retained."""

    epoch: Id
    software: Words = Field(max_length=64)
    at: AwareDatetime
    inventory: str | None = Field(default=None, description="hash of the inventory that the edge holds")
    documents: tuple[Document, ...] | None = Field(default=None, max_length=50, description="that the edge holds")
    refused: tuple[RefusedDocument, ...] | None = Field(default=None, max_length=50)


class EdgeState(_Message):
    """Is the edge there? Retained; `offline` is its last will."""

    state: Literal["online", "offline"]


class Mark(BaseModel):
    """Everything up to and including `seq` is durable in the cloud."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: Id
    stream: Stream
    seq: int = Field(ge=0, le=_MAX_SEQ)


def _to_go_by(at: datetime | None) -> datetime | None:
    """A cloud whose clock is wrong still says what it has."""
    return at if at is not None and _EARLIEST <= at <= _LATEST else None


class Watermark(_Message):
    """What the cloud holds of one edge; retained. A new `boot` means that the cloud has restarted. `at` is the city's
    time at which it was published."""

    boot: Id
    marks: tuple[Mark, ...]
    at: Annotated[AwareDatetime | None, AfterValidator(_to_go_by)] = None


M = TypeVar("M", bound=BaseModel)


def encode_message(message: BaseModel) -> bytes:
    """Any message that is not a batch: birth, state, watermark, command."""
    return message.model_dump_json(exclude_none=True).encode()


def decode_message(model: type[M], payload: bytes) -> M:
    """The reverse of encode_message. Raises WireError."""
    _object(payload)
    return _model(model, payload)


def _model(model: type[M], payload: bytes) -> M:
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadShape(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def decode_command(payload: bytes) -> Command | Group:
    """What a command's topic carries: one command, or from version 2 on one for many luminaires. Raises WireError."""
    version = _object(payload, _COMMAND_VERSIONS)["v"]
    return _model(Group, payload) if version == _GROUP_VERSION else _model(Command, payload)


def encode_tables(tables: Iterable[Table]) -> list[bytes]:
    """Bodies that each fit into one batch; a table that is too long is cut between its rows."""
    bodies: list[bytes] = []
    for table in tables:
        bodies.extend(_table_bodies(table))
    return bodies


def encode_events(events: Iterable[Event]) -> bytes:
    """The body of an event batch. Raises TooLarge."""
    body = orjson.dumps({"events": [event.model_dump(mode="json", exclude_none=True) for event in events]})
    if len(body) > MAX_BYTES - _HEADER_BYTES:
        raise TooLarge(f"events of {len(body)} bytes; at most {MAX_BYTES - _HEADER_BYTES}")
    return body


def encode_answers(answers: Sequence[Answer]) -> list[bytes]:
    """Bodies that each fit into one batch; those to one group travel in columns."""
    groups: dict[str, list[Answer]] = {}
    alone: list[Answer] = []
    for answer in answers:
        found = group_and_place(answer.id)
        (groups.setdefault(found[0], []) if found else alone).append(answer)
    bodies = [encode_events([answer]) for answer in alone]
    for group, members in groups.items():
        bodies.extend(_group_bodies(group, members))
    return bodies


def seal(header: Header, body: bytes) -> bytes:
    """Put the name of the batch before a body made by encode_tables or encode_events."""
    head = orjson.dumps({"v": VERSION, "epoch": header.epoch, "seq": header.seq, "floor": header.floor})
    return head[:-1] + b"," + body[1:]


def decode_header(payload: bytes) -> Header:
    """The name of a batch, without looking at what it carries. Raises WireError."""
    return _header(_object(payload))


def decode_batch(payload: bytes) -> Batch:
    """A whole batch, every column checked. Raises WireError."""
    raw = _object(payload)
    unknown = raw.keys() - {"v", "epoch", "seq", "floor", "tables", "events"}
    if unknown:
        raise BadShape(f"unknown keys {sorted(unknown)}")
    return Batch(
        _header(raw),
        [_table(table, f"tables[{n}]") for n, table in enumerate(_list(raw, "tables"))],
        [said for n, event in enumerate(_list(raw, "events")) for said in _events(event, f"events[{n}]")],
    )


def _group_bodies(group: str, answers: Sequence[Answer]) -> list[bytes]:
    if len(answers) == 1:
        return [encode_events(answers)]
    if len(answers) <= MOST_LAMPS:
        told = in_columns(group, answers).model_dump(mode="json", exclude_none=True)
        body = orjson.dumps({"events": [told]})
        if len(body) <= MAX_BYTES - _HEADER_BYTES:
            return [body]
    half = len(answers) // 2
    return _group_bodies(group, answers[:half]) + _group_bodies(group, answers[half:])


def _table_bodies(table: Table) -> list[bytes]:
    body = orjson.dumps({"tables": [_table_json(table)]})
    if len(body) <= MAX_BYTES - _HEADER_BYTES:
        return [body]
    if len(table) == 1:
        raise TooLarge(f"one reading of {table.devices[0]} has {len(body)} bytes")
    half = len(table) // 2
    return _table_bodies(table.part(slice(None, half))) + _table_bodies(table.part(slice(half, None)))


def _table_json(table: Table) -> dict[str, Any]:
    return {
        "kind": table.kind,
        "quantities": table.quantities,
        "devices": table.devices,
        "at": table.at,
        "values": table.values,
        "flags": [_folded(column) for column in table.flags],
    }


def _folded(column: Sequence[int]) -> int | Sequence[int]:
    """One number for a column whose flags are all the same, which is nearly always so."""
    return column[0] if len(set(column)) == 1 else column


def _object(payload: bytes, spoken: Sequence[int] = (VERSION,)) -> dict[str, Any]:
    if len(payload) > MAX_BYTES:
        raise TooLarge(f"{len(payload)} bytes; at most {MAX_BYTES}")
    try:
        raw = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise NotJson(str(error)) from error
    if not isinstance(raw, dict):
        raise BadShape("not an object")
    version = raw.get("v")
    if type(version) is not int or version not in spoken:
        raise WrongVersion(f"version {version!r}; this software speaks {' and '.join(map(str, spoken))}")
    return raw


def _header(raw: dict[str, Any]) -> Header:
    epoch, seq, floor = raw.get("epoch"), raw.get("seq"), raw.get("floor")
    if not (isinstance(epoch, str) and is_id(epoch)):
        raise BadShape(f"epoch: {epoch!r} is not an id")
    if type(seq) is not int or not 1 <= seq <= _MAX_SEQ:
        raise BadShape(f"seq: {seq!r} is not a whole number from 1")
    if type(floor) is not int or not 1 <= floor <= seq:
        raise BadShape(f"floor: {floor!r} is not a whole number from 1 to seq")
    return Header(epoch, seq, floor)


def _list(raw: dict[str, Any], key: str) -> list[Any]:
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise BadShape(f"{key}: not a list")
    return value


def _events(raw: object, where: str) -> list[Event]:
    """One event; what is told of a group are as many as it has columns."""
    try:
        if isinstance(raw, dict) and raw.get("type") == "group":
            return GroupAnswer.model_validate_json(orjson.dumps(raw)).answers()
        return [Answer.model_validate_json(orjson.dumps(raw))]
    except ValidationError as error:
        first = error.errors()[0]
        raise BadShape(f"{where}.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except orjson.JSONEncodeError as error:  # nested deeper than orjson writes
        raise BadShape(f"{where}: {error}") from error


def _table(raw: object, where: str) -> Table:
    if not isinstance(raw, dict) or raw.keys() != {"kind", "quantities", "devices", "at", "values", "flags"}:
        raise BadShape(f"{where}: not a table")
    kind, quantities, devices, at = raw["kind"], raw["quantities"], raw["devices"], raw["at"]
    if not (isinstance(kind, str) and is_id(kind)):
        raise BadShape(f"{where}.kind: {kind!r} is not an id")
    _check_quantities(quantities, where)
    _check_rows(devices, at, where)
    values = _columns(raw["values"], _VALUE_TYPES, len(quantities), len(devices), f"{where}.values")
    return Table(kind, tuple(quantities), devices, at, values, _flags(raw["flags"], values, f"{where}.flags"))


_VALUE_TYPES = {float, int, type(None)}
_QUALITIES = frozenset(int(quality) for quality in Quality)


def _check_quantities(quantities: object, where: str) -> None:
    _check_column(quantities, {str}, None, f"{where}.quantities")
    assert isinstance(quantities, list)  # noqa: S101 - told by _check_column; for mypy
    unknown = [q for q in quantities if q not in QUANTITIES]
    if unknown or len(set(quantities)) != len(quantities):
        raise BadShape(f"{where}.quantities: unknown or named twice: {unknown or quantities}")


def _check_rows(devices: Any, at: Any, where: str) -> None:
    _check_column(devices, {str}, None, f"{where}.devices")
    if not all(map(is_id, devices)):
        raise BadShape(f"{where}.devices: not all of them are ids")
    _check_column(at, {int}, len(devices), f"{where}.at")
    if at and not (min(at) >= 0 and max(at) <= LAST_SECOND):
        raise BadShape(f"{where}.at: not all of them are seconds since 1970")


def _flags(raw: object, values: Sequence[Sequence[object]], where: str) -> list[list[int]]:
    """Columns of flags, each as long as its values; one number stands for a whole column."""
    _check_count(raw, len(values), where)  # before unfolding: a few bytes must not become a gigabyte
    assert isinstance(raw, list)  # noqa: S101 - told by _check_count; for mypy
    return [
        _flag_column(told, len(column), f"{where}[{n}]")
        for n, (told, column) in enumerate(zip(raw, values, strict=True))
    ]


def _flag_column(told: Any, rows: int, where: str) -> list[int]:
    if type(told) is int:
        column, flags = [told] * rows, {told}
    else:
        _check_column(told, {int}, rows, where)
        column, flags = told, set(told)
    if not flags <= _QUALITIES:
        raise BadShape(f"{where}: not all of them are quality flags")
    return column


def _check_count(raw: object, count: int, where: str) -> None:
    if not isinstance(raw, list) or len(raw) != count:
        raise BadShape(f"{where}: not {count} columns")


def _columns(raw: Any, types: set[type], count: int, rows: int, where: str) -> list[list[Any]]:
    _check_count(raw, count, where)
    for n, column in enumerate(raw):
        _check_column(column, types, rows, f"{where}[{n}]")
    columns: list[list[Any]] = raw
    return columns


def _check_column(column: object, types: set[type], rows: int | None, where: str) -> None:
    """Every entry is of one of `types` exactly (a bool is no int), and there are `rows` of them."""
    if not isinstance(column, list) or not set(map(type, column)) <= types:
        raise BadShape(f"{where}: not a list of {'/'.join(sorted(t.__name__ for t in types))}")
    if rows is not None and len(column) != rows:
        raise BadShape(f"{where}: {len(column)} entries for {rows} rows")
