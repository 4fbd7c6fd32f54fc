"""`python3 dev.py bench [NAME]`: the machine and versions first, then a line for each figure."""

import importlib
import pkgutil
import signal
import sys
from collections.abc import Callable, Iterator

import tests.bench
from tests.bench.report import Figure, about_this_machine, line


def main(names: list[str]) -> int:
    there = sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__) if module.name.startswith("b_"))
    wanted = [f"b_{name}" for name in names] or there
    unknown = [name for name in wanted if name not in there]
    if unknown:
        print(f"no such benchmark; there are: {' '.join(name[2:] for name in there)}", file=sys.stderr)
        return 2
    print(about_this_machine(), flush=True)
    for name in wanted:
        run: Callable[[], Iterator[Figure]] = importlib.import_module(f"tests.bench.{name}").run
        for figure in run():
            print(line(name.removeprefix("b_"), figure), flush=True)
    return 0


def _end(_number: int, _frame: object) -> None:
    """A bench that is told to end ends its processes and takes its folders away, as after Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    raise SystemExit(main(sys.argv[1:]))
