"""Wealthbox: tasks and notes with a client's contact.

Shapes as published (samples of dev.wealthbox.com): `POST /tasks`, `POST /notes`, header `ACCESS_TOKEN`; a task is done by
`PUT /tasks/{id}`. Lists show open tasks unless asked otherwise, so that both kinds are looked through. The names of
the query parameters and of the lists' members could not be tried on a live account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from evenkeel.adapters.crm.channel import PAGES, CrmChannel, too_many
from evenkeel.adapters.crm.requests import CrmRequests, Pacer, marker
from evenkeel.ports import Delivery

URL = "https://api.crmworkspace.com/v1"
PAGE_SIZE = 100


class WealthboxCrm(CrmChannel):
    """A `ports.Crm`.

    Args:
        token: The API access token.
        url: Where the API begins.
        pacer: Counts the requests.
        timeout_seconds: How long each may take.
    """

    tasks_path = "/tasks"
    done: ClassVar = {"complete": True}

    def __init__(self, token: str, url: str = URL, pacer: Pacer | None = None, timeout_seconds: float = 30) -> None:
        self._requests = CrmRequests("Wealthbox", url, "EVENKEEL_WEALTHBOX_URL", pacer, timeout_seconds)
        self._token = token

    def _open_tasks(self, contact: str) -> Iterator[dict[str, Any]]:
        return self._listed(contact, "/tasks", {"completed": "false"})

    def _left(self, contact: str, *, is_task: bool) -> Iterator[dict[str, Any]]:
        if not is_task:
            yield from self._listed(contact, "/notes", {})
            return
        for completed in ("false", "true"):
            yield from self._listed(contact, "/tasks", {"completed": completed})

    def _listed(self, contact: str, path: str, look: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Yield a contact's tasks or notes, page by page."""
        wanted: dict[str, str | int] = {
            "resource_id": contact,
            "resource_type": "Contact",
            "per_page": PAGE_SIZE,
            **look,
        }
        for page in range(1, PAGES + 1):
            items = _items(self._requests.send("GET", path, self._headers(), params={**wanted, "page": page}))
            yield from items
            if len(items) < PAGE_SIZE:
                return
        raise too_many("Wealthbox")

    def _headers(self) -> dict[str, str]:
        return {"ACCESS_TOKEN": self._token}

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
