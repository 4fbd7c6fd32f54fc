"""YAML at the door: parsed once into a frozen model, and a mistake is answered with file, line, key and advice.

    edge.yaml:14: buses[0].poll_every: 0.2s is too short; give 1s or more
    edge.yaml:15: buses[0].baud: unknown key; did you mean `baudrate`?

The text, or its bytes, is an argument; whoever calls has read the file.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

try:
    from yaml._yaml import CParser as Parser  # five times as fast as the same in Python
except ImportError:  # where PyYAML was built without libyaml
    from protocols.plain_yaml import Parser  # type: ignore[assignment] # the same methods

_SMALL = 10_000  # so many places may a text of any length unfold to

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str]]  # what is wrong between the parts of a file: place and advice


class ConfigModel(BaseModel):
    """The base of everything that is read from YAML: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_MOST_KEYS = 100  # more than any model has; each unknown one is told


def few_keys(said: object) -> object:
    """What was said, unless it has so many keys that telling the unknown ones would take long."""
    if isinstance(said, dict) and len(said) > _MOST_KEYS:
        raise ValueError(f"has {len(said)} keys; {_MOST_KEYS} at most")
    return said


class Bounded(ConfigModel):
    """The base of what comes over a network: however much is wrong with it, the mistakes that are told are few.

    A list in it that may be long is declared with `fail_fast`: its first bad entry is told, with all that is wrong in
    it. 2 MB have room for a million bad entries, and to list them takes 14 s of CPU and 1.8 GB.
    """

    _has_few_keys = model_validator(mode="before")(few_keys)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, in the words of a colleague."""

    file: str
    line: int
    key: str
    advice: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.advice}" if self.key else f"{place}: {self.advice}"


class ConfigError(ValueError):
    """A file that was refused, with every problem that was found in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text with the line of every key."""

    file: str
    content: Any
    lines: Mapping[Path, int]

    def problem(self, path: Path, advice: str) -> Problem:
        """A problem at the deepest line that is known for a path."""
        known = next((path[:n] for n in range(len(path), -1, -1) if path[:n] in self.lines), ())
        return Problem(self.file, self.lines.get(known, 1), dotted(path), advice)


def load(text: str | bytes, file: str, model: type[T]) -> T:
    """Parse and validate. Raises ConfigError."""
    return validate(parse(text, file), model)


def parse(text: str | bytes, file: str) -> Document:
    """YAML to plain data with line numbers. Raises ConfigError, also for a key that stands twice."""
    text = _decoded(text, file)
    try:
        document, twice = _parsed(text, file)
    except yaml.MarkedYAMLError as error:
        line = min(error.problem_mark.line, text.count("\n")) + 1 if error.problem_mark else 1
        raise ConfigError([Problem(file, line, "", f"not YAML: {error.problem or error}")]) from error
    except yaml.YAMLError as error:
        raise ConfigError([Problem(file, 1, "", f"not YAML: {error}")]) from error
    except RecursionError as error:
        raise ConfigError([Problem(file, 1, "", "not YAML: nested too deeply, or inside itself")]) from error
    if twice:
        raise ConfigError([Problem(file, line, dotted(path), "stands twice; keep one") for path, line in twice])
    return document


def validate(document: Document, model: type[T]) -> T:
    """Plain data to a model. Raises ConfigError with one problem for each mistake."""
    try:
        return model.model_validate(document.content)
    except ValidationError as error:
        told = _without_echoes(error.errors())
        found = [problem for details in told for problem in _problems(document, model, details)]
        raise ConfigError(list(dict.fromkeys(found))) from error


def dotted(path: Path) -> str:
    """`('buses', 0, 'poll_every')` as `buses[0].poll_every`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def repeated(ids: Iterable[tuple[Path, str]]) -> Found:
    """Every id that stood somewhere before."""
    seen: set[str] = set()
    for path, name in ids:
        if name in seen:
            yield path, f"{name} stands twice; every id names one thing"
        seen.add(name)


class _Loader(Composer, Parser, SafeConstructor, Resolver):
    """Also tells where a value is that looks like a date or a number and is none, such as 2024-13-45.

    Values are put together in Python, which notices when they are nested too deeply; PyYAML's own way in C crashes.
    """

    def __init__(self, text: str) -> None:
        Parser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error
        except (AttributeError, LookupError) as error:  # PyYAML's own, of a value that its tag does not fit
            said = f"{node.value!r} is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark) from error


def _decoded(text: str | bytes, file: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(file, line, "", "not UTF-8; save the file in that encoding")]) from error


def _parsed(text: str, file: str) -> tuple[Document, list[tuple[Path, int]]]:
    loader = _Loader(text)
    root = loader.get_single_node()
    if root is None:
        return Document(file, None, {}), []
    _check_size(root, max(len(text), _SMALL))
    content = loader.construct_document(root)
    return Document(file, content, dict(_lines(root, ()))), list(_twice(root, ()))


def _check_size(root: yaml.Node, most: int) -> None:
    """Without aliases there are never more places than characters. With them ten lines can unfold to a million million,
    and take the memory of the whole machine. Raises YAMLError."""
    if next(islice(_lines(root, ()), most, None), None):
        raise yaml.YAMLError("its aliases (*) unfold to more than stands there; write it out")


def _lines(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for n, item in enumerate(node.value):
            yield from _lines(item, (*path, n))


def _twice(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.SequenceNode):
        for n, item in enumerate(node.value):
            yield from _twice(item, (*path, n))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield (*path, key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _twice(value, (*path, key.value))


def _without_echoes(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """pydantic counts only the good entries of a tuple, so one with a bad entry is "too short" on top of it."""
    places = [details["loc"] for details in errors]

    def is_echo(details: ErrorDetails) -> bool:
        loc = details["loc"]
        return details["type"] == "too_short" and any(p != loc and p[: len(loc)] == loc for p in places)

    return [details for details in errors if not is_echo(details)]


def _problems(document: Document, model: type[BaseModel], details: ErrorDetails) -> Sequence[Problem]:
    """One, or those of another file that this one leads to: there they have to be mended."""
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return cause.problems
    path = _in_document(document.content, details["loc"])
    return [document.problem(path, _advice(model, details, path))]


def _in_document(content: Any, loc: tuple[int | str, ...]) -> Path:
    """pydantic's place without the names of union members, which do not stand in the file."""
    path: list[str | int] = []
    for n, part in enumerate(loc):
        inside = isinstance(content, dict) and part in content
        inside = inside or (isinstance(content, list) and isinstance(part, int) and part < len(content))
        if inside:
            content = content[part]
            path.append(part)
        elif n == len(loc) - 1:
            path.append(part)
    return tuple(path)


def _advice(model: type[BaseModel], details: ErrorDetails, path: Path) -> str:
    kind = details["type"]
    if kind == "extra_forbidden":
        return _on_unknown_key(str(path[-1]), _keys(model))
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(details["ctx"]["error"])
    said = "should hold keys and values" if kind == "model_type" else details["msg"]
    return f"{said}; got {details['input']!r}"


def _on_unknown_key(key: str, known: Collection[str]) -> str:
    if key in known:
        return "does not belong here"
    close = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.6)
    return f"unknown key; did you mean `{close[0]}`?" if close else "unknown key; take it out"


def _keys(model: type[BaseModel]) -> set[str]:
    """Every key that may stand anywhere in a model, for advice on a mistyped one."""
    keys: set[str] = set()
    todo: list[Any] = [model]
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, type) and issubclass(item, BaseModel):
            keys.update(field.alias or name for name, field in item.model_fields.items())
            todo.extend(field.annotation for field in item.model_fields.values())
        todo.extend(get_args(item))
    return keys
