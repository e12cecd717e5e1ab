"""Messages as files, the channel of a home that has no other: one mail, one text and one page each, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

from evenkeel.adapters.notifiers.mail import compose_mail
from evenkeel.ports import Attempt, Delivery, Outcome

NOBODY = "nobody@evenkeel.invalid"
"""Stands for an address that is not known; `.invalid` goes nowhere (RFC 2606)."""


class FolderNotifier:
    """Writes into a folder. The same message again gives the same files, so that nothing is ever in doubt.

    Args:
        folder: Where; made on first use, readable by its owner alone.
        sender: Who writes, for the mail's header.
    """

    is_repeatable = True

    def __init__(self, folder: Path, sender: str = "evenkeel <desk@evenkeel.invalid>") -> None:
        self._folder, self._sender = folder, sender

    def deliver(self, delivery: Delivery) -> Attempt:
        """Write the files."""
        known = delivery if delivery.address else _to(delivery, NOBODY)
        try:
            mail = compose_mail(known, self._sender)
        except ValueError:
            return Attempt(
                Outcome.REFUSED, error="the recipient's address is no plain mail address; correct it and send again"
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            written = [
                self._write(f"{delivery.message_id}.eml", mail.as_bytes()),
                self._write(f"{delivery.message_id}.txt", str(delivery.payload["text"]).encode()),
            ]
            if delivery.payload.get("html"):
                written.append(self._write(f"{delivery.message_id}.html", str(delivery.payload["html"]).encode()))
            _sync_folder(self._folder)
        except OSError as error:
            return Attempt(
                Outcome.CHANNEL_DOWN, error=f"the folder {self._folder.name} cannot be written ({type(error).__name__})"
            )
        return Attempt(Outcome.SENT, {"files": written})

    def _write(self, name: str, content: bytes) -> str:
        temporary = self._folder / f".{name}.{os.getpid()}"
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o600)
        temporary.replace(self._folder / name)
        return name


def _to(delivery: Delivery, address: str) -> Delivery:
    values = {name: getattr(delivery, name) for name in delivery.__dataclass_fields__}
    return Delivery(**values | {"address": address})


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
