"""What `haidang deploy init` writes for the demo city starts every part of docker/compose.yaml, without containers."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from sqlalchemy import func, select

from cloud.audit.tables import AuditRow
from cloud.database import Database
from haidang.demo.ports import free_run
from haidang.deploy.city import city_of
from tests.docker.deployments import HOST, Deployment, deployed
from tests.influxdb import TOKEN, Server
from tests.ports import free_port
from tests.postgresql import Cluster
from tests.system.town import downtown
from tests.waiting import until_async

LAMPS = 12

pytestmark = pytest.mark.system


@pytest.fixture
async def whole(postgresql_cluster: Cluster, influxdb_server: Server, tmp_path: Path) -> AsyncIterator[Deployment]:
    """Broker, proxy, registry, samples, cloud, edge and simulator."""
    bucket = await influxdb_server.database()
    url = await postgresql_cluster.empty("haidang")
    telemetry = {"engine": "influxdb", "url": influxdb_server.url, "bucket": bucket, "token_file": "influxdb_token"}
    of, registry = city_of(None, None, _city(tmp_path), LAMPS), f"{HOST}:{postgresql_cluster.port}"
    async with deployed(of=of, telemetry=telemetry, postgresql=registry) as deployment:
        token = deployment.folder / "cloud" / "influxdb_token"
        token.write_text(TOKEN)  # of a server that was there before
        yield deployment
    await postgresql_cluster.drop(url)
    await influxdb_server.drop(bucket)


def _city(folder: Path) -> Path:
    """The demo city on ports that nobody has."""
    ports = {"base_port": free_run(None, 10), "camera_port": free_port()}
    file = folder / "city.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(downtown()), **ports}, allow_unicode=True))
    return file


async def start(deployment: Deployment) -> None:
    city = yaml.safe_load((deployment.folder / "sim" / "city.yaml").read_text("utf-8"))
    ports = {f"--{name.replace('_', '-')}": str(city[name]) for name in ("base_port", "camera_port")}
    edge = deployment.wish.of.city.edges[0]
    await deployment.start_broker()
    await deployment.start_ours("cloud", "cloud", port=deployment.ports["cloud"])
    await deployment.start_console()
    await deployment.start_ours("sim", "sim", *(word for pair in ports.items() for word in pair))
    await deployment.listens(city["base_port"])
    await deployment.start_ours("edge", f"edges/{edge}")


@asynccontextmanager
async def administrator(deployment: Deployment) -> AsyncIterator[httpx2.AsyncClient]:
    """Over HTTPS, with the password that the first start has made."""
    origin = f"https://{HOST}:{deployment.ports['https']}"
    trust = ssl.create_default_context(cafile=deployment.folder / "console" / "ca.crt")
    async with httpx2.AsyncClient(base_url=origin, verify=trust, headers={"Origin": origin}, timeout=30) as client:

        async def there() -> bool:
            deployment.all_run()
            return (await client.get("/api/v1/health")).status_code == 200

        await until_async(there, timeout_s=60)
        password = (deployment.folder / "cloud" / "data" / "admin").read_text().strip()
        answered = await client.post("/api/v1/session", json={"username": "admin", "password": password})
        assert answered.status_code == 200, answered.text
        yield client


async def test_mosquitto_nginx_postgresql_influxdb_cloud_edge_and_simulator_light_a_lamp(whole: Deployment) -> None:
    await start(whole)
    lamp = whole.wish.of.city.luminaires[0].id
    async with administrator(whole) as client:
        overview = await until_async(lambda: _all_have_reported(client), timeout_s=90, every_s=0.5)
        shown = (await client.get(f"/api/v1/luminaires/{lamp}")).json()
        samples = await until_async(lambda: _samples(client, lamp), timeout_s=90, every_s=0.5)
        await _give(client, whole.wish.of.city.edges[0])
    assert overview["lamps"]["total"] == LAMPS
    assert shown["id"] == lamp
    assert any(value is not None for value in samples)
    assert await _acts(whole) >= 1
    assert (whole.folder / "edges" / "HL-E01" / "data" / "HL-E01.sqlite").exists()
    assert not list((whole.folder / "cloud" / "data").glob("registry.sqlite*"))
    assert not list((whole.folder / "cloud" / "data").glob("telemetry*"))


async def _all_have_reported(client: httpx2.AsyncClient) -> dict[str, Any] | None:
    found: dict[str, Any] = (await client.get("/api/v1/overview")).json()
    return found if found["lamps"]["unknown"] == 0 else None


async def _samples(client: httpx2.AsyncClient, lamp: str) -> list[float | None]:
    """What the telemetry store has of it."""
    answered = await client.get(f"/api/v1/devices/{lamp}/readings?quantity=voltage")
    assert answered.status_code == 200, answered.text
    found: list[float | None] = answered.json()["quantities"]["voltage"]
    return found


async def _give(client: httpx2.AsyncClient, edge: str) -> None:
    """A document, which the edge gets through the proxy with its token. Returns when the edge holds it."""
    documents = f"/api/v1/edges/{edge}/documents"
    put = await client.put(f"{documents}/settings", json={"text": "report: {every: 30s}\n"})
    assert put.status_code == 200, put.text

    async def is_held() -> bool:
        [document] = (await client.get(documents)).json()
        return bool(document["state"] == "held")

    await until_async(is_held, timeout_s=90, every_s=0.5)


async def _acts(deployment: Deployment) -> int:
    """How many acts the registry holds."""
    database = Database((deployment.folder / "cloud" / "database_url").read_text().strip())
    async with database.read() as session:
        count = await session.scalar(select(func.count()).select_from(AuditRow))
    await database.close()
    return count or 0
