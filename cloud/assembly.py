"""Puts one service together: opens what is on disk, takes up where the last run ended, joins the parts."""

import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from cloud.account.service import Account
from cloud.alarms.lamp_out import LampOutWatch
from cloud.alarms.service import Alarms
from cloud.audit.heads import HEADS_FILE, Heads
from cloud.audit.signing import KEY_FILE, Signer, ensure_signer
from cloud.commands.desk import Desk
from cloud.commands.preview import Foresight
from cloud.commands.service import Commands
from cloud.database import Database
from cloud.directory.service import Directory
from cloud.edges.service import Documents
from cloud.errors import in_one_line
from cloud.factors.challenges import Challenges
from cloud.factors.confirmations import Confirmations
from cloud.factors.passkeys import Passkeys
from cloud.factors.service import Factors
from cloud.factors.sign_in import LASTS as CHALLENGE_LASTS
from cloud.factors.sign_in import SignIn
from cloud.factors.step_up import StepUp
from cloud.factors.vault import KEY_FILE as FACTORS_KEY_FILE
from cloud.factors.vault import Vault, ensure_vault
from cloud.fleet.basemap import load_basemap
from cloud.fleet.changing import Inventories
from cloud.fleet.edges import Edges
from cloud.fleet.fleet import Fleet
from cloud.fleet.imports import import_inventories
from cloud.fleet.outlines import outlines_of
from cloud.fleet.renewal import Renewal
from cloud.fleet.view import Views
from cloud.ingest.cursors import Cursors
from cloud.ingest.inbox import Inbox
from cloud.ingest.store_cursor import Commits
from cloud.intake import Intake
from cloud.latest.consumer import Live
from cloud.latest.service import Measurements
from cloud.latest.values import LatestValues
from cloud.light.light import Ground as LightGround
from cloud.light.light import planned_light
from cloud.lighting.edges import ShownEdges
from cloud.lighting.environment import Environment
from cloud.lighting.lamps import Lamps
from cloud.lighting.overview import Overviews, Suns
from cloud.lighting.plan import Plan
from cloud.lighting.watch import LampWatch
from cloud.link import Link
from cloud.live.events import Events
from cloud.live.hub import Hub
from cloud.live.map_feed import MapFeed
from cloud.migrations import CannotMigrate, migrate
from cloud.notifications.mail import Mailer
from cloud.notifications.service import Notifier
from cloud.overrides.service import HandOver
from cloud.parts import Parts
from cloud.people.first import ensure_administrator
from cloud.people.guard import Guard
from cloud.people.passwords import Passwords
from cloud.people.service import People
from cloud.reset.service import Resets
from cloud.rollups.cursor import Rollups
from cloud.rollups.service import Energy
from cloud.rollups.topology import Topology
from cloud.self_tests.service import SelfTests
from cloud.settings import Settings
from cloud.sso.service import sign_ons
from cloud.telemetry.opening import open_store, upkeep_of
from cloud.telemetry.storage import Storage
from cloud.telemetry.store import TelemetryStore
from cloud.tokens.service import Tokens
from protocols.clock import DomainClock
from rules.consent import Limits


class CannotOpen(Exception):
    """What the service keeps is damaged, or of a newer version."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is open and has to be closed."""

    settings: Settings
    clock: DomainClock
    database: Database
    inbox: Inbox
    store: TelemetryStore
    link: Link
    signer: Signer
    vault: Vault
    fleet: Fleet


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is known, as the last run left it."""

    fleet: Fleet
    edges: Edges
    documents: Documents
    heads: Heads
    latest: LatestValues
    alarms: Alarms
    commands: Commands
    notifier: Notifier | None
    live: Live


@asynccontextmanager
async def assembled(
    settings: Settings, clock: DomainClock, link: Link | None = None, *, is_start: bool = True
) -> AsyncIterator[Parts]:
    """The parts of a service, at its start or when it begins anew. Nothing of it runs yet. A test's `link` stands in
    for the broker."""
    settings.data.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as opened:
        database = Database(settings.database)
        opened.push_async_callback(database.close)
        with _opening(f"the registry ({settings.scheme})"):
            await migrate(database, settings.data)
        with _opening("inbox.sqlite"):
            inbox = Inbox(settings.data / "inbox.sqlite")
        opened.callback(inbox.close)
        with _opening(KEY_FILE):
            signer = ensure_signer(settings.data / KEY_FILE, settings.signer)
        with _opening(FACTORS_KEY_FILE):
            vault = ensure_vault(settings.data / FACTORS_KEY_FILE)
        store = await open_store(settings)
        opened.push_async_callback(store.close)
        fleet = await import_inventories(database, settings.sites, clock.now(), is_start=is_start)
        intake = Intake(settings, clock, inbox, fleet.edges.get)
        opened.push_async_callback(intake.close)
        ground = _Ground(settings, clock, database, inbox, store, link or intake.link, signer, vault, fleet)
        yield await _assemble(ground, intake if link is None else None)


@contextmanager
def _opening(what: str) -> Iterator[None]:
    """A line that says what cannot be opened; a database's own error has many, and no name."""
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError, CannotMigrate, OSError) as error:
        raise CannotOpen(f"{what} cannot be used: {in_one_line(error)}") from error


async def _assemble(ground: _Ground, intake: Intake | None) -> Parts:
    settings, clock = ground.settings, ground.clock
    passwords = Passwords(settings.passwords)
    guard = Guard(ground.database, clock, passwords.is_crowded)
    async with ground.database.read(patient=True) as session:
        await guard.load(session)
    lasts, idle = settings.session_lasts, settings.session_idle
    people = People(ground.database, passwords, guard, clock, lasts, idle, settings.second_factor_for)
    await ensure_administrator(people, settings.admin_password_file)
    memory = await _remembered(ground)
    await memory.live.forget_retired()
    await memory.alarms.end_retired(ground.fleet.devices)
    parts = _joined(ground, memory, people, intake)
    plans = {site.id: site.light for site in settings.sites}
    await parts.light.begin(plans)
    return parts


async def _remembered(ground: _Ground) -> _Memory:
    settings, clock, database, fleet = ground.settings, ground.clock, ground.database, ground.fleet
    edges = Edges(fleet.edges, clock.now, time.monotonic)
    documents = Documents(database, edges, ground.link, clock)
    heads = Heads(database, ground.signer, settings.data / HEADS_FILE, edges, ground.link, clock.wall)
    latest, watch, alarms = LatestValues(fleet.devices.values()), LampOutWatch(fleet), Alarms(database, clock)
    commands = Commands(database, fleet, ground.link, clock, time.monotonic, settings.resend_every)
    notifier = _notifier(ground, fleet)
    live = Live(database, ground.inbox.uuid, edges, latest, watch, alarms, commands, notifier, time.monotonic)
    async with database.read(patient=True) as session:
        for known in (edges, documents, heads, alarms, commands, live):
            await known.load(session)
    return _Memory(fleet, edges, documents, heads, latest, alarms, commands, notifier, live)


def _notifier(ground: _Ground, fleet: Fleet) -> Notifier | None:
    """Without a mail server nobody is told."""
    mail = ground.settings.mail
    if mail is None or not mail.technicians:
        return None
    console = ground.settings.console
    return Notifier(ground.database, Mailer(mail), mail.technicians, fleet.zone_of, console, ground.clock.wall)


def _joined(ground: _Ground, memory: _Memory, people: People, intake: Intake | None) -> Parts:
    settings, clock, database, fleet = ground.settings, ground.clock, ground.database, memory.fleet
    overrides = memory.commands.overrides
    plan = Plan(fleet, overrides, memory.latest, clock.now())
    stale_after_s = settings.stale_after.total_seconds()
    watch = LampWatch(fleet, memory.latest, memory.alarms, plan, clock, stale_after_s)
    lamps = Lamps(database, clock, fleet, memory.latest, memory.alarms, overrides, plan, watch)
    light_ground = LightGround(database, fleet, memory.edges, memory.documents, memory.latest, plan, clock)
    overviews = _overviews(ground, memory, watch)
    views, renewal = Views(fleet), Renewal()
    map_hub, event_hub = Hub(views), Hub(views)
    events = Events(memory.latest, overviews, event_hub, settings.overview_every)
    topology = Topology(fleet)
    rollups = Rollups(topology, clock, ground.inbox, ground.store, settings.data / "rollups.npz")
    cursors = Cursors(ground.inbox, ground.store, memory.live, _commits(settings), fleet.owner_of, rollups)
    confirmations = Confirmations(clock)
    factors = Factors(database, clock, ground.vault, confirmations, f"Haidang {settings.signer}")
    passkeys, challenges = Passkeys(database, clock, factors), Challenges(clock.wall, CHALLENGE_LASTS)
    foresight = Foresight(fleet, memory.edges, ground.link, watch, plan, clock)
    limits = Limits(settings.consent.alone, settings.consent.one_person)
    desk = Desk(database, views, people, memory.commands, foresight, confirmations, limits, clock)
    _listen(memory, plan, events, desk)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        people=people,
        factors=factors,
        confirmations=confirmations,
        passkeys=passkeys,
        sign_in=SignIn(people, factors, passkeys, challenges),
        step_up=StepUp(people, factors, passkeys, challenges, confirmations),
        account=Account(database, clock),
        sign_ons=sign_ons(people, settings.sign_on),
        resets=Resets(people, Mailer(settings.mail) if settings.mail else None, settings.console),
        tokens=Tokens(database, clock, settings.second_factor_for),
        directory=Directory(database, people.passwords, clock, fleet),
        fleet=fleet,
        views=views,
        basemap=load_basemap([site.basemap for site in settings.sites]),
        outlines=outlines_of(fleet.sites.values()),
        inventories=Inventories(database, fleet, overrides, clock, renewal),
        renewal=renewal,
        edges=memory.edges,
        documents=memory.documents,
        heads=memory.heads,
        alarms=memory.alarms,
        commands=memory.commands,
        desk=desk,
        hand_over=HandOver(database, memory.commands, people, clock),
        self_tests=SelfTests(database, fleet, memory.commands, clock, settings.self_test),
        notifier=memory.notifier,
        live=memory.live,
        cursors=cursors,
        intake=intake,
        measurements=Measurements(clock, fleet, memory.latest, ground.store, ground.inbox),
        upkeep=upkeep_of(ground.store, clock, settings),
        storage=Storage(ground.store, ground.inbox, cursors, settings),
        energy=Energy(clock, topology, ground.store),
        light=planned_light(light_ground, confirmations),
        lamps=lamps,
        overviews=overviews,
        map_hub=map_hub,
        map_feed=MapFeed(fleet, watch, clock, map_hub, settings.live_every),
        event_hub=event_hub,
        events=events,
    )


def _overviews(ground: _Ground, memory: _Memory, watch: LampWatch) -> Overviews:
    return Overviews(
        ground.database,
        ground.clock,
        ShownEdges(memory.edges, ground.link),
        memory.latest,
        memory.alarms,
        memory.commands,
        watch,
        Suns(memory.fleet.sites.values()),
        Environment(memory.fleet.stations, memory.latest),
    )


def _listen(memory: _Memory, plan: Plan, events: Events, desk: Desk) -> None:
    """Whoever shows something hears of it when it changes."""
    memory.live.told += [events.moved]
    memory.alarms.told += [events.episodes]
    memory.commands.told_of_groups += [events.groups]
    desk.told += [events.consent]
    memory.commands.told += [events.orders, lambda orders: plan.mark(order.command.target for order in orders)]


def _commits(settings: Settings) -> Commits:
    return Commits(every_s=settings.commit_every.total_seconds())
