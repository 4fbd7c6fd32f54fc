"""A technician gets one mail for each episode, in both languages, from a mail server that may be away."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from cloud.notifications import store
from cloud.notifications.service import FIRST_PAUSE, LONGEST_PAUSE, Notifier, pause
from cloud.notifications.tables import NoticeRow
from cloud.settings import Mail, Settings
from protocols.clock import DomainClock
from tests.cloud.alarms.test_alarms import minutes
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import Wall
from tests.cloud.feeding import Feed
from tests.cloud.serving import Service, serving
from tests.ports import free_port
from tests.waiting import until, until_async

LONGEST_END_S = 10.0
LAN, MINH = "lan@localhost", "minh@localhost"


@dataclass
class Postbox:
    """A mail server that keeps what it is given, or refuses it."""

    port: int
    refuses: bool = False
    seen: int = 0
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.seen += 1
        if self.refuses:
            return "451 try again later"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails += [(str(recipient), mail) for recipient in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    """Listens on loopback."""
    box = Postbox(free_port())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, enable_SMTPUTF8=True), "127.0.0.1", box.port)
    yield box
    server.close()
    await server.wait_closed()


def with_mail(settings: Settings, port: int) -> Settings:
    mail = Mail(host="127.0.0.1", port=port, sender="haidang@localhost", technicians=(LAN, MINH))
    return settings.model_copy(update={"mail": mail, "console_url": "https://den.halong.example"})


@pytest.fixture
async def running(settings: Settings, postbox: Postbox, clock: DomainClock, wall: Wall) -> AsyncIterator[Service]:
    """A service that has a mail server."""
    wall.advance(hours=1)
    async with serving(with_mail(settings, postbox.port), clock) as service:
        yield service


def notifier_of(service: Service) -> Notifier:
    assert service.parts.notifier is not None
    return service.parts.notifier


async def waiting(service: Service) -> int:
    async with service.parts.database.read() as session:
        return await store.count_waiting(session)


async def all_sent(service: Service) -> None:
    async def none_waits() -> bool:
        return await waiting(service) == 0

    await until_async(none_waits)


async def all_postponed(service: Service) -> bool:
    """Both messages have been refused once, and it is written down."""
    async with service.parts.database.read() as session:
        return list(await session.scalars(select(NoticeRow.tries))) == [1, 1]


async def test_each_technician_gets_one_mail_that_says_everything(running: Service, postbox: Postbox) -> None:
    await Feed(running).readings(minutes(3, "0 0 0 0 0 0"))
    await until(lambda: len(postbox.mails) == 2)
    recipients = {recipient for recipient, _ in postbox.mails}
    mail = postbox.mails[0][1]
    body = mail.get_content()
    assert recipients == {LAN, MINH}
    assert mail["Subject"].startswith(f"Đèn không sáng / Lamp out: {lamp_id(3)}, Cột P003, Trần Phú")
    assert mail["From"] == "haidang@localhost"
    for said in (
        f"Đèn không sáng: {lamp_id(3)}",
        "Ở đâu: Cột P003, Trần Phú, Phường Hồng Gai; tủ HL-TC001",
        "Từ lúc: 19:05 ngày 21/11/2026",
        "Cần mang: Mang xe nâng",
        f"Lamp out: {lamp_id(3)}",
        "Where: Pole P003, Trần Phú, Hong Gai ward; cabinet HL-TC001",
        "Since: 19:05 on 21 November 2026",
        "Bring: Bring the lift",
        f"https://den.halong.example/#/alarms/lamp/{lamp_id(3)}",
    ):
        assert said in body


async def test_nothing_is_sent_twice(running: Service, postbox: Postbox) -> None:
    feed = Feed(running)
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    await all_sent(running)
    await feed.readings(minutes(3, "0 0 0 0 0 0 0 0 100 100 0 0 0 0 0 0"))  # it even comes back unseen
    await notifier_of(running).deliver()
    assert len(postbox.mails) == 2


async def test_a_mail_server_that_is_away_gets_the_mail_when_it_is_back(
    running: Service, postbox: Postbox, wall: Wall
) -> None:
    postbox.refuses = True
    await Feed(running).readings(minutes(3, "0 0 0 0 0 0"))
    await until_async(lambda: all_postponed(running))
    postbox.refuses = False
    await notifier_of(running).deliver()
    assert postbox.seen == 2  # its pause is not over
    wall.advance(seconds=FIRST_PAUSE.total_seconds())
    await all_sent(running)
    assert len(postbox.mails) == 2


async def test_mail_that_waits_survives_a_restart(
    settings: Settings, postbox: Postbox, clock: DomainClock, wall: Wall
) -> None:
    wall.advance(hours=1)
    settings, postbox.refuses = with_mail(settings, postbox.port), True
    async with serving(settings, clock) as service:
        await Feed(service).readings(minutes(3, "0 0 0 0 0 0"))
        await until_async(lambda: all_postponed(service))  # no word is on its way that the server would hear later
        assert await waiting(service) == 2
    postbox.refuses = False
    wall.advance(minutes=1)
    async with serving(settings, clock) as service:
        await all_sent(service)
    assert len(postbox.mails) == 2


async def test_nobody_is_sent_out_for_a_lamp_that_is_well_again(running: Service, postbox: Postbox, wall: Wall) -> None:
    postbox.refuses = True
    feed = Feed(running)
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    await until_async(lambda: all_postponed(running))
    await feed.readings(minutes(3, "100 100", start=6))
    postbox.refuses = False
    wall.advance(minutes=1)
    await all_sent(running)
    assert postbox.mails == []


async def test_a_lamp_that_fails_again_is_mailed_when_the_first_mail_was_given_up(
    running: Service, postbox: Postbox, wall: Wall
) -> None:
    postbox.refuses = True
    feed = Feed(running)
    await feed.readings(minutes(3, "0 0 0 0 0 0"))
    await until_async(lambda: all_postponed(running))
    await feed.readings(minutes(3, "100 100", start=6))
    postbox.refuses = False
    wall.advance(minutes=1)
    await all_sent(running)
    await feed.readings(minutes(3, "0 0 0 0 0 0", start=8))
    await until(lambda: len(postbox.mails) == 2)


async def test_an_alarm_that_came_and_went_while_nobody_listened_is_not_mailed(
    running: Service, postbox: Postbox
) -> None:
    await Feed(running).readings(minutes(3, "0 0 0 0 0 0 100 100"))
    await all_sent(running)
    assert postbox.mails == []


async def test_a_mail_server_that_hangs_holds_nobody_up(settings: Settings, clock: DomainClock, wall: Wall) -> None:
    wall.advance(hours=1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never says a word
        settings = with_mail(settings, silent.getsockname()[1])
        async with serving(settings, clock) as service, service.signed_in() as client:
            await Feed(service).readings(minutes(3, "0 0 0 0 0 0"))
            async with asyncio.timeout(30):
                assert len((await client.get("/api/v1/alarms")).json()) == 1
            assert await waiting(service) == 2
            end = time.monotonic()
        assert time.monotonic() - end < LONGEST_END_S


@pytest.mark.parametrize("tries", [0, 1, 5, 1000])
def test_the_pause_between_two_tries_grows_and_has_an_end(tries: int) -> None:
    longest = min(FIRST_PAUSE * float(2 ** min(tries, 30)), LONGEST_PAUSE)
    assert longest / 2 <= pause(tries) <= longest
