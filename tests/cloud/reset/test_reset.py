"""Who has forgotten the password gets another by mail, and nobody learns who there is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2
import pytest
from sqlalchemy import func, select

from cloud.audit.store import Search, load_last
from cloud.audit.tables import AuditRow
from cloud.notifications.mail import NotSent
from cloud.notifications.words import Message
from cloud.people.devices import COOKIE
from cloud.people.rights import Role
from cloud.people.tables import PersonRow
from cloud.reset.service import LASTS, Resets
from cloud.reset.tables import ResetRow
from tests.cloud.clocks import Wall
from tests.cloud.serving import PASSWORD, Service
from tests.waiting import until_async

API = "/api/v1"
RESET, SESSION = f"{API}/password-reset", f"{API}/session"
CONSOLE = "https://den.halong.example"
NEW = "quite another phrase"


@dataclass(slots=True)
class Post:
    """Takes messages, or does not."""

    refuses: bool = False
    sent: list[tuple[str, Message]] = field(default_factory=list)

    async def send(self, recipient: str, message: Message) -> None:
        """Keep it."""
        if self.refuses:
            raise NotSent("the mail server is away")
        self.sent.append((recipient, message))

    @property
    def token(self) -> str:
        """Of the newest link."""
        found = re.search(rf"{re.escape(CONSOLE)}/\?reset=([\w-]+)\n", self.sent[-1][1].body)
        assert found is not None
        return found[1]


@pytest.fixture
async def post() -> Post:
    return Post()


@pytest.fixture
async def resets(service: Service, post: Post) -> Resets:
    """Lan has an address, Nga has none, Minh may not come, and there is nobody else."""
    people = service.parts.people
    for name in ("lan", "nga", "minh"):
        await people.add(name, PASSWORD, Role.OPERATOR, display_name=name.title())
    async with service.signed_in() as boss:
        for name in ("lan", "minh"):
            written = await boss.put(f"{API}/people/{name}/email", json={"email": f"{name}@example.com"})
            assert (written.status_code, written.json()["email"]) == (200, f"{name}@example.com")
        await boss.put(f"{API}/people/minh/standing", json={"disabled": True})
    made = service.parts.resets
    made._sender, made._console = post, CONSOLE
    return made


async def ask(client: httpx2.AsyncClient, username: str) -> httpx2.Response:
    return await client.post(RESET, json={"username": username})


async def rows(service: Service, act: str) -> Sequence[AuditRow]:
    async with service.parts.database.read() as session:
        return await load_last(session, 100, Search(act=act))


async def answered(service: Service, n: int) -> Sequence[AuditRow]:
    """Once so many have been looked at."""

    async def enough() -> Sequence[AuditRow] | None:
        found = await rows(service, "ask_reset")
        return found if len(found) >= n else None

    return await until_async(enough)


async def link(service: Service, post: Post, username: str = "lan") -> str:
    before = len(await rows(service, "ask_reset"))
    async with service.anonymous() as client:
        await ask(client, username)
    await answered(service, before + 1)
    return post.token


async def status(client: httpx2.AsyncClient, username: str, password: str) -> int:
    return (await client.post(SESSION, json={"username": username, "password": password})).status_code


@pytest.mark.usefixtures("resets")
async def test_nobody_learns_who_there_is(service: Service, post: Post) -> None:
    names = ["lan", "nga", "minh", "nobody"]
    async with service.anonymous() as client:
        answers = [await ask(client, name) for name in names]
    assert {(one.status_code, one.text) for one in answers} == {(202, '{"lasts_s":1800}')}
    assert {tuple(sorted(one.headers.keys())) for one in answers} == {tuple(sorted(answers[0].headers.keys()))}
    told = {(row.who, row.result, row.address) for row in await answered(service, 4)}
    assert told == {("lan", "sent", "127.0.0.1"), *((name, "not sent", "127.0.0.1") for name in names[1:])}
    assert [recipient for recipient, _ in post.sent] == ["lan@example.com"]


@pytest.mark.usefixtures("resets")
async def test_the_link_opens_the_account_once_and_ends_every_session(service: Service, post: Post) -> None:
    async with service.anonymous() as thief, service.anonymous() as lan:
        assert await status(thief, "lan", PASSWORD) == 200
        token = await link(service, post, " LAN ")
        used = await lan.put(RESET, json={"token": token, "new": NEW})
        again = await lan.put(RESET, json={"token": token, "new": "and a third phrase"})
        assert (used.status_code, again.status_code) == (204, 410)
        assert again.json()["detail"]["code"] == "link_gone"
        assert (await thief.get(SESSION)).status_code == 401
        assert (await status(lan, "lan", PASSWORD), await status(lan, "lan", NEW)) == (401, 200)
    (row,) = await rows(service, "reset_password")
    assert (row.who, row.result) == ("lan", "ok")


@pytest.mark.usefixtures("resets")
async def test_the_browser_that_reset_the_password_is_known_while_the_account_is_attacked(
    service: Service, post: Post
) -> None:
    token = await link(service, post)
    async with service.anonymous() as lan:
        await lan.put(RESET, json={"token": token, "new": NEW})
        assert service.parts.people.guard._known["lan"] >= {"network 127.0.0.1"}
        assert len(service.parts.people.guard._known["lan"]) == 2
        assert COOKIE in lan.cookies


@pytest.mark.usefixtures("resets")
async def test_a_link_is_good_for_half_an_hour(service: Service, post: Post, wall: Wall) -> None:
    token = await link(service, post)
    wall.advance(seconds=LASTS.total_seconds())
    async with service.anonymous() as lan:
        assert (await lan.put(RESET, json={"token": token, "new": NEW})).status_code == 410
        assert (await lan.put(RESET, json={"token": "made up", "new": NEW})).status_code == 410


@pytest.mark.usefixtures("resets")
async def test_the_registry_holds_no_link(service: Service, post: Post) -> None:
    token = await link(service, post)
    async with service.parts.database.read() as session:
        row = await session.scalar(select(ResetRow))
        rest = await session.scalar(select(func.count()).select_from(ResetRow))
    assert row is not None
    assert (token in row.token_hash, len(token), rest) == (False, 43, 1)


@pytest.mark.usefixtures("resets")
@pytest.mark.parametrize("act", ["other address", "shut out", "password for once"])
async def test_a_link_opens_nothing_after_somebody_has_put_the_account_right(
    service: Service, post: Post, act: str
) -> None:
    token = await link(service, post)
    async with service.signed_in() as boss, service.anonymous() as thief:
        if act == "other address":
            await boss.put(f"{API}/people/lan/email", json={"email": None})
        elif act == "shut out":
            await boss.put(f"{API}/people/lan/standing", json={"disabled": True})
        else:
            given = await boss.post(f"{API}/people/lan/password")
            assert (given.status_code, given.json()["username"]) == (200, "lan")
            assert await status(thief, "lan", given.json()["one_time_password"]) == 200
        assert (await thief.put(RESET, json={"token": token, "new": NEW})).status_code == 410


@pytest.mark.usefixtures("resets")
@pytest.mark.parametrize(
    ("new", "code"),
    [("short", "password_short"), ("LanLanLanLan", "password_name"), ("Password12345", "password_common")],
)
async def test_a_new_password_that_is_guessed_first_is_refused_and_the_link_stays(
    service: Service, post: Post, new: str, code: str
) -> None:
    token = await link(service, post)
    async with service.anonymous() as lan:
        refused = await lan.put(RESET, json={"token": token, "new": new})
        assert (refused.status_code, refused.json()["detail"]["code"]) == (400, code)
        assert (await lan.put(RESET, json={"token": token, "new": NEW})).status_code == 204


async def test_asking_again_and_again_is_slowed_by_account_and_by_address(service: Service) -> None:
    async with service.anonymous() as client:
        same = [(await ask(client, "nobody")).status_code for _ in range(4)]
        many = [(await ask(client, f"name{n}")).status_code for n in range(18)]
        last = await ask(client, "x")
    assert same == [202, 202, 202, 429]
    assert many == [202] * 17 + [429]
    assert (last.status_code, last.headers["retry-after"]) == (429, "3600")


async def test_without_a_mail_server_the_answer_is_the_same(service: Service) -> None:
    await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
    async with service.anonymous() as client:
        assert (await client.get(f"{SESSION}/ways")).json()["reset"] is False
        assert (await ask(client, "lan")).status_code == 202
    assert [row.result for row in await answered(service, 1)] == ["not sent"]


@pytest.mark.usefixtures("resets")
async def test_a_mail_server_that_is_away_stops_nothing(service: Service, post: Post) -> None:
    post.refuses = True
    async with service.anonymous() as client:
        await ask(client, "lan")
        assert [row.result for row in await answered(service, 1)] == ["not sent"]
        post.refuses = False
        await ask(client, "lan")
    assert {row.result for row in await answered(service, 2)} == {"not sent", "sent"}


@pytest.mark.usefixtures("resets")
@pytest.mark.parametrize(("language", "words"), [("vi", "trong vòng 30 phút"), ("en", "within 30 minutes")])
async def test_the_mail_is_in_the_person_s_language(service: Service, post: Post, language: str, words: str) -> None:
    async with service.parts.database.write() as session:
        lan = await session.scalar(select(PersonRow).where(PersonRow.username == "lan"))
        assert lan is not None
        lan.language = language
    await link(service, post)
    assert words in post.sent[0][1].body
    assert "tài khoản lan" in post.sent[0][1].body or "account lan" in post.sent[0][1].body


async def test_what_is_no_mail_address_is_refused(service: Service) -> None:
    wrong = ["lan", "lan@", "@x", "a@b c", "a@b\nbcc: c@d", "a@b,c@d", "a@b?x=y", "a/b@c"]
    async with service.signed_in() as boss:
        await service.parts.people.add("lan", PASSWORD, Role.OPERATOR)
        answers = [await boss.put(f"{API}/people/lan/email", json={"email": one}) for one in wrong]
    assert {one.status_code for one in answers} == {422}


@pytest.mark.usefixtures("resets")
async def test_a_link_opens_nothing_once_the_password_was_changed(service: Service, post: Post) -> None:
    token = await link(service, post)
    async with service.anonymous() as client:
        await client.post(SESSION, json={"username": "lan", "password": PASSWORD})
        changed = await client.put(f"{SESSION}/password", json={"current": PASSWORD, "new": NEW})
        used = await client.put(RESET, json={"token": token, "new": "the one of a thief"})
        assert (changed.status_code, used.status_code) == (200, 410)
        assert await status(client, "lan", NEW) == 200
