"""Redtail: activities and notes with a client's contact.

Shapes as published for the public API v1: `GET /authentication` gives the user's key, `POST /activities`, `POST /contacts/{id}/notes`; an
activity is done by `PUT /activities/{id}` with `completed`; lists have `meta.total_pages`; most writes answer 204 and name nothing. Codes
of activities and categories are each firm's own. The names of the lists' members could not be tried on a live account.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar

from evenkeel.adapters.crm.channel import PAGES, CrmChannel, too_many
from evenkeel.adapters.crm.requests import CrmRequests, Pacer, Stopped, marker
from evenkeel.ports import Attempt, Delivery, Outcome

URL = "https://crm.redtailtechnology.com/api/public/v1"


class RedtailCrm(CrmChannel):
    """A `ports.Crm`.

    Args:
        api_key: The application's key.
        user: Whose activities they are.
        password: The user's.
        url: Where the API begins.
        activity_code_id: The firm's code for these activities (`/lists/activity_codes`).
        category_id: The firm's category for activities and notes.
        pacer: Counts the requests.
        timeout_seconds: How long each may take.
    """

    tasks_path = "/activities"
    done: ClassVar = {"completed": True}

    def __init__(
        self,
        api_key: str,
        user: str,
        password: str,
        url: str = URL,
        activity_code_id: int = 1,
        category_id: int = 1,
        pacer: Pacer | None = None,
        timeout_seconds: float = 30,
    ) -> None:
        self._requests = CrmRequests("Redtail", url, "EVENKEEL_REDTAIL_URL", pacer, timeout_seconds)
        self._api_key, self._user, self._password = api_key, user, password
        self._activity_code_id, self._category_id = activity_code_id, category_id
        self._user_key: str | None = None

    def _open_tasks(self, contact: str) -> Iterator[dict[str, Any]]:
        return (each for each in self._listed(contact, "activities") if not each.get("completed"))

    def _left(self, contact: str, *, is_task: bool) -> Iterator[dict[str, Any]]:
        return self._listed(contact, "activities" if is_task else "notes")

    def _listed(self, contact: str, name: str) -> Iterator[dict[str, Any]]:
        """Yield a contact's activities or notes, page by page."""
        for page in range(1, PAGES + 1):
            path = f"/contacts/{int(contact)}/{name}"
            found = self._requests.send("GET", path, self._headers(), params={"page": page})
            yield from found.get(name) or []
            if page >= int((found.get("meta") or {}).get("total_pages") or 1):
                return
        raise too_many("Redtail")

    def _forget(self, stopped: Stopped) -> None:
        if stopped.attempt.evidence.get("response_code") == 401:
            self._user_key = None  # it may have been renewed

    def _made(self, delivery: Delivery) -> tuple[str, dict[str, Any]]:
        crm = delivery.payload["crm"]
        said = f"{crm['text']}\n\n{marker(delivery.message_id)}"
        if crm["kind"] == "note":
            return f"/contacts/{int(delivery.address)}/notes", {"category_id": self._category_id, "body": said}
        until = dt.datetime.fromisoformat(crm["due_at"])
        return "/activities", {
            "subject": crm["name"],
            "activity_code_id": self._activity_code_id,
            "category_id": self._category_id,
            "all_day": False,
            "start_date": until.isoformat(),
            "end_date": (until + dt.timedelta(minutes=30)).isoformat(),
            "repeats": "never",
            "description": said,
            "linked_contacts": [{"contact_id": int(delivery.address)}],
        }

    def _headers(self) -> dict[str, str]:
        if self._user_key is None:
            basic = _encoded(f"{self._api_key}:{self._user}:{self._password}")
            found = self._requests.send("GET", "/authentication", {"Authorization": f"Basic {basic}"})
            key = found.get("user_key") or (found.get("authenticated_user") or {}).get("user_key")
            if not key:
                raise Stopped(Attempt(Outcome.CHANNEL_DOWN, error="Redtail gave no user key; mend its settings"))
            self._user_key = str(key)
        return {"Authorization": f"UserKeyAuth {_encoded(f'{self._api_key}:{self._user_key}')}"}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
