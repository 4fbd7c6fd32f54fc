"""The demo's mail stays on the machine, every message a file."""

import asyncio
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from firmware_sim.main import MAIL
from tests.sim.town import Town


def letter(subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "haidang@localhost", "technician@localhost", subject
    message.set_content(body)
    return message


def post(port: int, *letters: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        for message in letters:
            client.send_message(message)


def received(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(f.read_bytes(), policy=policy.default) for f in sorted(folder.iterdir())]


async def test_every_letter_becomes_a_file_as_it_was_sent(town: Town) -> None:
    assert town.ports.mail is not None
    await asyncio.to_thread(
        post, town.ports.mail, letter("Đèn HL-000001 tắt", "Tủ HL-TC001, pha A"), letter("Second", "Another")
    )
    letters = received(town.data / MAIL)

    assert [message["Subject"] for message in letters] == ["Đèn HL-000001 tắt", "Second"]
    assert letters[0].get_content().strip() == "Tủ HL-TC001, pha A"
    assert letters[0]["To"] == "technician@localhost"
    assert {file.suffix for file in (town.data / MAIL).iterdir()} == {".eml"}


async def test_a_letter_that_is_too_large_is_refused(town: Town) -> None:
    assert town.ports.mail is not None
    with pytest.raises(smtplib.SMTPResponseException):
        await asyncio.to_thread(post, town.ports.mail, letter("Large", "x" * 70 + "\n" + ("y" * 70 + "\n") * 20_000))
