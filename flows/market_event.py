"""The market-event flow, and the event that starts it: by hand, by the API, or by whoever watches the market."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.events import Event, emit_event
from prefect.events.worker import EventsWorker
from prefect.settings import get_current_settings
from prefect.states import Completed

from evenkeel.errors import TransientError, UsageError
from flows.runner import task_runner
from tasks.market_event import scan_market_event

HEALTH_SECONDS = 5.0
EVENT = "evenkeel.market-event"
"""Name of the event that the deployment's automation waits for; its payload holds the flow's parameters."""

RESOURCE = {"prefect.resource.id": "evenkeel.market", "prefect.resource.name": "the market"}


@flow(name="market-event", flow_run_name="market-event-{reason}", persist_result=False, task_runner=task_runner())
def market_event(
    reason: str,
    moves: dict[str, float] | None = None,
    threshold_frac: float = 0.0,
    prices_file: str | None = None,
) -> State[dict[str, Any]]:
    """Scan the book at moved prices: only accounts that this pushes out of their bands, by severity, in one digest.

    The day's alerts and episodes stay as they are.

    Args:
        reason: What happened, in a line; it stands on the report.
        moves: How far prices moved, by asset class or security, as a fraction: -0.07 is down seven per cent.
        threshold_frac: Scan only if some move is at least so large, up or down; 0.03 is three per cent.
        prices_file: CSV of prices now, where the worker can read it; its prices go before the moves.

    Raises:
        UsageError: There is no run to start from, nothing has moved, or a name or price is not of the book.
    """
    outcome = scan_market_event.submit(reason, moves or {}, threshold_frac, prices_file).result()
    get_run_logger().info(outcome.message)
    return Completed(message=outcome.message, data={"event_id": outcome.event_id, "run_id": outcome.run_id})


def _require_server() -> None:
    """Refuse to emit where nobody would hear: Prefect would start a server of its own, and stop it again.

    Raises:
        UsageError: No server is known.
        TransientError: It does not answer.
    """
    address = get_current_settings().api.url
    if not address:
        raise UsageError("no Prefect server is known; set PREFECT_API_URL, or scan here without --emit")
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=HEALTH_SECONDS):
            pass
    except OSError as error:
        raise TransientError(
            f"the Prefect server at {address} does not answer ({error}); start it, or scan here without --emit"
        ) from error


def emit(reason: str, moves: Mapping[str, float], threshold_frac: float = 0.0) -> Event:
    """Emit the event that starts the deployed flow through its automation, and wait until it has left this process.

    Raises:
        TransientError: No Prefect server took it.
    """
    _require_server()
    payload = {"reason": reason, "moves": dict(moves), "threshold_frac": threshold_frac}
    event = emit_event(EVENT, RESOURCE, payload=payload)
    if event is None:
        raise TransientError("the event was not emitted: no Prefect server is known; set PREFECT_API_URL")
    EventsWorker.instance().wait_until_empty()
    return event
