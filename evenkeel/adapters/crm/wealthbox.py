"""Wealthbox: tasks and notes with a client's contact.

Shapes as published (samples of dev.wealthbox.com): `POST /tasks`, `POST /notes`, header `ACCESS_TOKEN`; a task is done by
`PUT /tasks/{id}`. Lists show open tasks unless asked
otherwise, so that both kinds are looked through. The names of the query parameters and of the lists' members could not be tried on a live
account.
"""

from __future__ import annotations

from typing import Any

from evenkeel.adapters.crm.requests import NO_CONTACT, CrmRequests, Pacer, Stopped, is_about, marker
from evenkeel.errors import TransientError
from evenkeel.ports import Attempt, Delivery, Outcome

URL = "https://api.crmworkspace.com/v1"
PAGE_SIZE, PAGES = 100, 50


class WealthboxCrm:
    """A `ports.Crm`.

    Args:
        token: The API access token.
        url: Where the API begins.
        pacer: Counts the requests.
        timeout_seconds: How long each may take.
    """

    is_repeatable = True

    def __init__(self, token: str, url: str = URL, pacer: Pacer | None = None, timeout_seconds: float = 30) -> None:
        self._requests = CrmRequests("Wealthbox", url, "EVENKEEL_WEALTHBOX_URL", pacer, timeout_seconds)
        self._headers = {"ACCESS_TOKEN": token}

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
            made = self._requests.send("POST", path, self._headers, body=body)
        except Stopped as stopped:
            return stopped.attempt
        return Attempt(Outcome.SENT, {"crm_id": str(made.get("id", "")), **closed})

    def find(self, delivery: Delivery) -> str | None:
        """Return the id of what this delivery has left before, or None."""
        try:
            return self._find(delivery)
        except Stopped as stopped:
            raise TransientError(f"{stopped}") from stopped

    def _close(self, delivery: Delivery) -> dict[str, Any]:
        """Mark the open tasks as done that ask for what is decided by now; return their ids as evidence."""
        ids = delivery.payload["crm"].get("closes") or []
        if not ids:
            return {}
        look: dict[str, str | int] = {
            "resource_id": delivery.address,
            "resource_type": "Contact",
            "per_page": PAGE_SIZE,
            "completed": "false",
        }
        found = []
        for page in range(1, PAGES + 1):  # all pages first: what is closed leaves them
            items = _items(self._requests.send("GET", "/tasks", self._headers, params={**look, "page": page}))
            found += [each for each in items if is_about(str(each.get("description") or ""), ids)]
            if len(items) < PAGE_SIZE:
                break
        for each in found:
            self._requests.send("PUT", f"/tasks/{int(each['id'])}", self._headers, body={"complete": True})
        return {"closed": [str(each["id"]) for each in found]} if found else {}

    def _find(self, delivery: Delivery) -> str | None:
        is_task = delivery.payload["crm"]["kind"] == "task"
        linked: dict[str, str | int] = {
            "resource_id": delivery.address,
            "resource_type": "Contact",
            "per_page": PAGE_SIZE,
        }
        looks: list[dict[str, str | int]] = [{"completed": "false"}, {"completed": "true"}] if is_task else [{}]
        for look in looks:
            for page in range(1, PAGES + 1):
                found = self._requests.send(
                    "GET", "/tasks" if is_task else "/notes", self._headers, params={**linked, **look, "page": page}
                )
                items = _items(found)
                for each in items:
                    if marker(delivery.message_id) in f"{each.get('description') or ''}{each.get('content') or ''}":
                        return str(each.get("id", ""))
                if len(items) < PAGE_SIZE:
                    break
        return None

    def _made(self, delivery: Delivery) -> tuple[str, dict[str, Any]]:
        crm = delivery.payload["crm"]
        said = f"{crm['text']}\n\n{marker(delivery.message_id)}"
        common: dict[str, Any] = {
            "linked_to": [{"id": int(delivery.address), "type": "Contact"}],
            "visible_to": "Everyone",
        }
        if crm["kind"] == "note":
            return "/notes", {"content": said, "tags": [], **common}
        return "/tasks", {
            "name": crm["name"],
            "due_date": crm["due_at"],
            "complete": False,
            "priority": crm.get("priority", "Medium"),
            "description": said,
            **common,
        }


def _items(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the list in an answer, whatever it is called: notes come as `status_updates`."""
    lists = [found[name] for name in ("tasks", "notes", "status_updates", "items") if isinstance(found.get(name), list)]
    return lists[0] if lists else []
