"""How a role of the command line begins, runs and ends."""

import asyncio
import atexit
import gc
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

from haidang.own_files import own_files
from protocols.config import ConfigError

FAULT_IN_CONFIG = 2

T = TypeVar("T")


@contextmanager
def loading() -> Iterator[None]:
    """A role's modules stay until it ends: they are not looked through for garbage, neither now nor later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.unfreeze)  # what a library made is taken apart at the end, or it complains


def log_to_stderr() -> None:
    """Where whoever started it looks."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")


def or_advice(load: Callable[[], T]) -> T:
    """What was loaded, or an end with every mistake of the file on a line of its own."""
    try:
        return load()
    except ConfigError as error:
        typer.echo(str(error), err=True)
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
    raise typer.Exit(FAULT_IN_CONFIG)


def or_refusal(ask: Callable[[], T]) -> T:
    """What was answered, or an end with what was refused."""
    try:
        return ask()
    except (ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, where the extra `fast` is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def until_told(role: Coroutine[Any, Any, None], loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
    """Run a role until SIGTERM or SIGINT, which cancel it and are a good end. A bad start is one line."""
    try:
        with own_files(), asyncio.Runner(loop_factory=loop) as runner:
            runner.run(_cancel_on_signal(role))
    except (ConfigError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAULT_IN_CONFIG) from error


async def _cancel_on_signal(role: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(role)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("haidang").info("ended as asked")
