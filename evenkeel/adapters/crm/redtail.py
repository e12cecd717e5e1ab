"""Redtail: activities and notes with a client's contact.

Shapes as published for the public API v1: `GET /authentication` gives the user's key, `POST /activities`, `POST /contacts/{id}/notes`; an
activity is done by `PUT /activities/{id}` with `completed`; lists have `meta.total_pages`; most writes answer 204 and name nothing. Codes
of activities and categories are each firm's own. The names of the lists' members could not be tried on a live account.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from typing import Any

from evenkeel.adapters.crm.requests import NO_CONTACT, CrmRequests, Pacer, Stopped, is_about, marker
from evenkeel.errors import TransientError
from evenkeel.ports import Attempt, Delivery, Outcome

URL = "https://crm.redtailtechnology.com/api/public/v1"
PAGES = 50


class RedtailCrm:
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

    is_repeatable = True

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

    def deliver(self, delivery: Delivery) -> Attempt:
        """Leave the activity or note, unless it is there."""
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
            if stopped.attempt.evidence.get("response_code") == 401:
                self._user_key = None  # it may have been renewed
            return stopped.attempt
        return Attempt(Outcome.SENT, {"crm_id": str(made.get("id", "")), **closed})

    def find(self, delivery: Delivery) -> str | None:
        """Return the id of what this delivery has left before, or None."""
        try:
            return self._find(delivery)
        except Stopped as stopped:
            raise TransientError(f"{stopped}") from stopped

    def _close(self, delivery: Delivery) -> dict[str, Any]:
        """Mark the open activities as done that ask for what is decided by now; return their ids as evidence."""
        ids = delivery.payload["crm"].get("closes") or []
        if not ids:
            return {}
        found = [
            each
            for each in self._listed(delivery.address, "activities")
            if not each.get("completed") and is_about(str(each.get("description") or ""), ids)
        ]
        for each in found:
            self._requests.send("PUT", f"/activities/{int(each['id'])}", self._headers(), body={"completed": True})
        return {"closed": [str(each["id"]) for each in found]} if found else {}

    def _find(self, delivery: Delivery) -> str | None:
        name = "activities" if delivery.payload["crm"]["kind"] == "task" else "notes"
        for each in self._listed(delivery.address, name):
            if marker(delivery.message_id) in f"{each.get('description') or ''}{each.get('body') or ''}":
                return str(each.get("id", ""))
        return None

    def _listed(self, contact: str, name: str) -> Iterator[dict[str, Any]]:
        """Yield a contact's activities or notes, page by page."""
        for page in range(1, PAGES + 1):
            path = f"/contacts/{int(contact)}/{name}"
            found = self._requests.send("GET", path, self._headers(), params={"page": page})
            yield from found.get(name) or []
            if page >= int((found.get("meta") or {}).get("total_pages") or 1):
                break

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
