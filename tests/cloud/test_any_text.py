"""No text that somebody types or an edge sends breaks a transaction: not every database keeps every character."""

import json
from urllib.parse import quote

import pytest

from protocols.topics import Stream
from tests.cloud.cities import lamp_id
from tests.cloud.clocks import EVENING
from tests.cloud.feeding import Feed
from tests.cloud.serving import Service

TEXTS = ["\0", "a\0b", "\\u0000", "'; DROP TABLE audit; --", "đèn hỏng 💡" * 5, "%s :name $1 ?", "ﬃ" * 60]
DIM = {"target": lamp_id(1), "action": {"type": "override", "level": 60}}


@pytest.mark.parametrize("text", TEXTS)
async def test_whatever_is_typed_is_kept_or_refused(service: Service, text: str) -> None:
    async with service.signed_in() as client:
        answered = [
            await client.post("/api/v1/session", json={"username": text, "password": "wrong"}),
            await client.post("/api/v1/commands", json={**DIM, "reason": text}),
            await client.post("/api/v1/alarms/nothing/acknowledge", json={"comment": text}),
            await client.post(f"/api/v1/alarms/{quote(text, safe='')}/acknowledge", json={}),
        ]
        assert all(answer.status_code < 500 for answer in answered)
        if "\0" not in text:
            assert (await client.get(f"/api/v1/commands?target={lamp_id(1)}")).json()[0]["reason"] == text


@pytest.mark.parametrize("text", ["\0", "💡" * 60])
async def test_an_answer_with_any_detail_ends_nothing(service: Service, text: str) -> None:
    async with service.signed_in() as client:
        command = (await client.post("/api/v1/commands", json=DIM)).json()
    answer = {"type": "command", "id": command["id"], "step": "refused", "at": EVENING.isoformat()}
    body = json.dumps({"events": [{**answer, "refusal": "no_such_lamp", "detail": text}]})
    await Feed(service).bodies("HL-E01", Stream.EVENT, [body.encode()])
    async with service.signed_in() as client:
        heard = (await client.get(f"/api/v1/commands/{command['id']}")).json()
    assert heard["detail"] == (None if "\0" in text else text)
