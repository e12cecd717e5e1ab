"""What the CRMs do alike: leave a task or a note once, and close the tasks of what is decided."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from evenkeel.adapters.crm.requests import NO_CONTACT, CrmRequests, Stopped, is_about, marker
from evenkeel.errors import TransientError
from evenkeel.ports import Attempt, Delivery, Outcome

PAGES = 50
"""So many pages of a contact's tasks or notes are looked through."""


class CrmChannel(ABC):
    """A `ports.Crm`; what differs between CRMs is left to the subclass.

    Attributes:
        tasks_path: Where one task is found by its id: `/tasks`.
        done: What is written to a task that is done.
    """

    is_repeatable = True
    tasks_path: ClassVar[str]
    done: ClassVar[Mapping[str, Any]]
    _requests: CrmRequests

    def deliver(self, delivery: Delivery) -> Attempt:
        """Leave the task or note, unless it is there."""
        if not delivery.address.isdecimal():
            return Attempt(Outcome.REFUSED, error=NO_CONTACT)
        try:
            closed = self._close(delivery)
            known = self._find(delivery)
            if known is not None:
                return Attempt(Outcome.SENT, {"crm_id": known, "was_there": True, **closed})
            path, body = self._made(delivery)
            made = self._requests.send("POST", path, self._headers(), body=body)
        except Stopped as stopped:
            self._forget(stopped)
            return stopped.attempt
        return Attempt(Outcome.SENT, {"crm_id": str(made.get("id", "")), **closed})

    def find(self, delivery: Delivery) -> str | None:
        """Return the id of what this delivery has left before, or None.

        Raises:
            TransientError: The CRM does not answer.
        """
        try:
            return self._find(delivery)
        except Stopped as stopped:
            self._forget(stopped)
            raise TransientError(f"{stopped}") from stopped

    def _close(self, delivery: Delivery) -> dict[str, Any]:
        """Mark the open tasks as done that ask for what is decided by now; return their ids as evidence."""
        ids = delivery.payload["crm"].get("closes") or []
        if not ids:
            return {}
        # All pages first: what is closed leaves them.
        found = [
            each for each in self._open_tasks(delivery.address) if is_about(str(each.get("description") or ""), ids)
        ]
        for each in found:
            path = f"{self.tasks_path}/{int(each['id'])}"
            self._requests.send("PUT", path, self._headers(), body=self.done)
        return {"closed": [str(each["id"]) for each in found]} if found else {}

    def _find(self, delivery: Delivery) -> str | None:
        for each in self._left(delivery.address, is_task=delivery.payload["crm"]["kind"] == "task"):
            if any(
                marker(delivery.message_id) in str(each.get(name) or "") for name in ("description", "body", "content")
            ):
                return str(each.get("id", ""))
        return None

    def _forget(self, stopped: Stopped) -> None:  # noqa: B027  # most have nothing to forget
        """Forget what a refusal shows to be out of date."""

    @abstractmethod
    def _open_tasks(self, contact: str) -> Iterator[dict[str, Any]]:
        """Yield a contact's open tasks."""

    @abstractmethod
    def _left(self, contact: str, *, is_task: bool) -> Iterator[dict[str, Any]]:
        """Yield a contact's tasks, open and done, or their notes."""

    @abstractmethod
    def _made(self, delivery: Delivery) -> tuple[str, dict[str, Any]]:
        """Return where the task or note is made, and its body."""

    @abstractmethod
    def _headers(self) -> dict[str, str]:
        """Return what lets us in."""


def too_many(name: str) -> Stopped:
    """Return why a message is not left where its contact has more than can be looked through: it may be there already."""
    text = f"{name} has more of this contact than {PAGES} pages; look whether it is there, and close what is old"
    return Stopped(Attempt(Outcome.REFUSED, error=text))
