"""A real InfluxDB on loopback for one run of the tests or a bench: Debian's influxd 1.6.7 behind an nginx.

That influxd does not know `/api/v2/write`, which every later one has: nginx turns such a write into the older form, and
asks for a token. Each test gets a database of its own.
"""

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from cloud.telemetry.influx_store import InfluxStore
from cloud.telemetry.settings import InfluxDb
from tests.ports import free_port, wait_for_port

TOKEN = "a-token-for-tests"
POLICY = "raw"

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_END_S = 20

_INFLUXD = """
reporting-disabled = true
bind-address = "127.0.0.1:{backup_port}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
wal-fsync-delay = "{fsync_delay}"
cache-snapshot-write-cold-duration = "{cold}"
compact-full-write-cold-duration = "{cold}"
index-version = "tsi1"
query-log-enabled = false
max-series-per-database = 0
max-values-per-tag = 0
[monitor]
store-enabled = false
[subscriber]
enabled = false
[continuous_queries]
enabled = false
[http]
bind-address = "127.0.0.1:{influxd_port}"
log-enabled = false
"""

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-bodies;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_body_buffer_size 4m;
  map $arg_bucket $i_db {{ default $arg_bucket; "~^(?<b>.+?)(?:/|%2F)" $b; }}
  map $arg_bucket $i_rp {{ default ""; "~(?:/|%2F)(?<r>.+)$" $r; }}
  map $arg_precision $i_prec {{ default $arg_precision; us u; ns n; "" n; }}  # influxd 1.6 reads "us" as ns
  map $http_authorization $i_ok {{ default ""; "Token {token}" "yes"; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Authorization "";
    location = /api/v2/write {{
      if ($i_ok = "") {{ return 401 '{{"code":"unauthorized","message":"unauthorized access"}}'; }}
      rewrite ^ /write?db=$i_db&rp=$i_rp&precision=$i_prec? break;
      proxy_pass http://127.0.0.1:{influxd_port};
    }}
    location = /query {{
      if ($i_ok = "") {{ return 401 '{{"code":"unauthorized","message":"unauthorized access"}}'; }}
      proxy_pass http://127.0.0.1:{influxd_port};
    }}
    location = /ping {{ proxy_pass http://127.0.0.1:{influxd_port}; }}
  }}
}}
"""


def programs() -> tuple[str, str] | None:
    """Where influxd and nginx are."""
    influxd, nginx = shutil.which("influxd", path=_PATH), shutil.which("nginx", path=_PATH)
    return (influxd, nginx) if influxd and nginx else None


@dataclass(slots=True)
class Server:
    """Both, or one that has been stopped. A test may stop and start either of them."""

    folder: Path
    fsync_delay: str = "0s"
    cold: str = "10m"
    port: int = field(default_factory=free_port)
    influxd_port: int = field(default_factory=free_port)
    backup_port: int = field(default_factory=free_port)
    _influxd: subprocess.Popen[bytes] | None = None
    _nginx: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """What influxd has used of processors, in seconds."""
        assert self._influxd is not None
        numbers = Path(f"/proc/{self._influxd.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def unsorted_bytes(self) -> int:
        """What lies in its write-ahead log."""
        return sum(file.stat().st_size for file in (self.folder / "wal").rglob("*.wal"))

    def sorted_bytes(self) -> int:
        """What lies in its files, packed."""
        return sum(file.stat().st_size for file in (self.folder / "data").rglob("*.tsm"))

    def start(self) -> None:
        """Start what does not run; `ready` says when both answer. In a thread that lives as long as they shall."""
        influxd, nginx = _programs()
        if self._influxd is None:
            self._write("influxd.conf", _INFLUXD)
            self._influxd = self._run([influxd, "-config", str(self.folder / "influxd.conf")])
        if self._nginx is None:
            self._write("nginx.conf", _NGINX)
            config = str(self.folder / "nginx.conf")
            self._nginx = self._run([nginx, "-p", str(self.folder), "-e", "stderr", "-c", config])

    async def ready(self) -> None:
        await wait_for_port(self.influxd_port, 60)
        await wait_for_port(self.port, 60)

    def stop_proxy(self) -> None:
        """From now on nobody answers."""
        _end(self._nginx)
        self._nginx = None

    def stop(self) -> None:
        self.stop_proxy()
        _end(self._influxd)
        self._influxd = None

    def kill_influxd(self) -> None:
        """Without a word; nginx stays, and says that nobody is behind it."""
        if self._influxd is not None:
            self._influxd.kill()
            self._influxd.wait(_END_S)
            self._influxd = None

    async def database(self, keep: str = "INF") -> str:
        """A new database with a retention policy `raw` of its own; as a bucket."""
        name = f"test{next(self._numbers)}"
        policy = f'CREATE RETENTION POLICY "{POLICY}" ON "{name}" DURATION {keep} REPLICATION 1'
        await self.ask(f'CREATE DATABASE "{name}"; {policy}')
        return f"{name}/{POLICY}"

    async def drop(self, bucket: str) -> None:
        await self.ask(f'DROP DATABASE "{bucket.partition("/")[0]}"')

    async def ask(self, statement: str, bucket: str = "/") -> Any:
        """As an administrator, past nginx."""
        db, _, policy = bucket.partition("/")
        parameters = {"q": statement, "db": db, "rp": policy, "epoch": "s"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{self.influxd_port}/query", data=parameters) as answer,
        ):
            return await answer.json()

    async def put(self, bucket: str, lines: str) -> None:
        """Lines of somebody who is not us, past nginx; times in milliseconds."""
        db, _, policy = bucket.partition("/")
        address = f"http://127.0.0.1:{self.influxd_port}/write?db={db}&rp={policy}&precision=ms"
        async with aiohttp.ClientSession() as session, session.post(address, data=lines.encode()) as answer:
            assert answer.status == 204, await answer.text()

    def settings(self, bucket: str, token: str = TOKEN, **more: Any) -> InfluxDb:
        """What cloud.yaml would say."""
        file = self.folder / f"token-{token}"
        file.write_text(f"{token}\n")
        return InfluxDb(engine="influxdb", url=self.url, bucket=bucket, token_file=file, **more)

    def _write(self, name: str, text: str) -> None:
        names = ("folder", "fsync_delay", "cold", "port", "influxd_port", "backup_port")
        (self.folder / name).write_text(text.format(token=TOKEN, **{name: getattr(self, name) for name in names}))

    def _run(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Its end is ours, also when we are killed."""
        end_with_us = ["setpriv", "--pdeathsig", "SIGKILL"] if shutil.which("setpriv") else []
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([*end_with_us, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


@contextmanager
def server(fsync_delay: str = "0s", cold: str = "10m") -> Iterator[Server]:
    """A running server, ended by its own process ids and removed.

    `fsync_delay` is how long writes wait for each other; `cold`, after how long without one the server packs.
    """
    folder = Path(tempfile.mkdtemp(prefix="haidang-influxdb-"))
    made = Server(folder, fsync_delay, cold)
    try:
        made.start()
        with ThreadPoolExecutor(1) as aside:  # not in the loop of the test that happens to come first
            aside.submit(asyncio.run, made.ready()).result()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@asynccontextmanager
async def empty_store(running: Server, *, drop: bool = True, **settings: Any) -> AsyncIterator[InfluxStore]:
    """An open store over a new database, which is dropped at the end if you like."""
    bucket = await running.database()
    store = await InfluxStore.open(running.settings(bucket, **settings))
    try:
        yield store
    finally:
        await store.close()
        if drop:
            await running.drop(bucket)


def _programs() -> tuple[str, str]:
    found = programs()
    assert found is not None, "InfluxDB or nginx is not on this machine: apt install influxdb nginx-light"
    return found


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_S)
