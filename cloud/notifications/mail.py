"""Mail by Apprise, which knows 170 other ways to reach people as well. The only file that knows Apprise."""

import logging
import warnings
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from cloud.aside import aside
from cloud.notifications.words import Message
from cloud.settings import Mail


class NotSent(Exception):
    """The message is still with us."""


class Mailer:
    """Sends one message to one person. Apprise works in a thread; the loop never waits for a mail server."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def send(self, recipient: str, message: Message) -> None:
        """Returns when the mail server has taken it. Raises NotSent."""
        if not await aside(lambda: self._send(recipient, message)):
            raise NotSent(f"the mail server at {self._mail.host}:{self._mail.port} did not take a message")

    def _send(self, recipient: str, message: Message) -> bool:
        service = self._apprise.Apprise(asset=self._asset)
        if not service.add(self._url(recipient)):
            return False
        text = self._apprise.NotifyFormat.TEXT
        return bool(service.notify(title=message.subject, body=message.body, body_format=text))

    def _url(self, recipient: str) -> str:
        """Apprise's address of one mailbox behind our mail server."""
        host, sender = self._mail.host, self._mail.sender
        words = {"from": sender, "to": recipient, "smtp": host, "mode": "insecure", "format": "text"}
        return f"mailto://{host}:{self._mail.port}/?{urlencode(words)}"

    @cached_property
    def _apprise(self) -> Any:
        """Loaded when the first message is sent: it takes a second, and most starts send none."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its PGP part imports `imghdr`
            import apprise.plugins.email
        logging.getLogger("apprise").setLevel(logging.ERROR)  # we say ourselves, once, that mail does not go out
        return apprise

    @cached_property
    def _asset(self) -> Any:
        return self._apprise.AppriseAsset(app_id="Haidang", storage_mode=self._apprise.PersistentStoreMode.MEMORY)
