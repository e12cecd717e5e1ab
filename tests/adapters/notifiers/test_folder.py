"""Messages as files: whole or not there, the same again, readable by their owner alone."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from dataclasses import replace
from pathlib import Path

from evenkeel.adapters.notifiers.folder import NOBODY, FolderNotifier
from evenkeel.ports import Delivery, Outcome

DELIVERY = Delivery(
    "ms-1",
    "client_proposal",
    "",
    {"subject": "S", "text": "Zoë\n", "html": "<p>Zoë</p>"},
    dt.datetime(2026, 3, 6, tzinfo=dt.UTC),
)


def test_a_message_becomes_three_files_and_the_same_again_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "outgoing"
    attempt = FolderNotifier(folder).deliver(DELIVERY)
    assert (attempt.outcome, attempt.evidence) == (Outcome.SENT, {"files": ["ms-1.eml", "ms-1.txt", "ms-1.html"]})
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert set(before) == {"ms-1.eml", "ms-1.txt", "ms-1.html"}
    assert before["ms-1.txt"] == "Zoë\n".encode()
    mail = email.message_from_bytes(before["ms-1.eml"], policy=email.policy.default)
    assert mail["To"] == NOBODY
    assert all(each.stat().st_mode & 0o077 == 0 for each in folder.iterdir())
    FolderNotifier(folder).deliver(DELIVERY)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_a_channel_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "outgoing").write_text("a file in its place")
    assert FolderNotifier(tmp_path / "outgoing").deliver(DELIVERY).outcome is Outcome.CHANNEL_DOWN
    assert FolderNotifier(tmp_path).deliver(replace(DELIVERY, address="a b")).outcome is Outcome.REFUSED
