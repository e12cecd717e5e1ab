"""One at a time: a row says who holds a name, until when.

A holder renews in the background. One that dies is followed at once where its death can be seen (same machine), else when its lease has
run out. The machine's own clock counts here, never the settable one: a lease under a clock that stands still would last for ever.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import uuid
from types import TracebackType

from sqlalchemy import Connection, Engine, RowMapping, select, update

from evenkeel.adapters.stores.database import insert_once, machine_now, writing
from evenkeel.adapters.stores.process import host_identity, is_gone, started
from evenkeel.adapters.stores.records_schema import leases
from evenkeel.errors import LeaseHeld, TransientError

BEATS_PER_LEASE = 3
_TRIES = 10


class HeldLease:
    """A `ports.Lease`; a context manager that takes `name` on entering and frees it on leaving.

    Args:
        engine: The records database.
        name: What to hold: `date:2026-07-27`.
        holder: Who, for people.
        seconds: How long it lasts without being renewed.
        heartbeat: Renew in the background, three times a lease.
    """

    def __init__(self, engine: Engine, name: str, holder: str, seconds: float, *, heartbeat: bool = True) -> None:
        self.name = name
        self.token = uuid.uuid4().hex
        self._engine = engine
        self._holder = holder
        self._length = dt.timedelta(seconds=seconds)
        self._is_released = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {name}", daemon=True) if heartbeat else None

    def __enter__(self) -> HeldLease:
        """Take the lease.

        Raises:
            LeaseHeld: Somebody else has it; the message says who, since when and until when.
        """
        with writing(self._engine) as connection:
            self._take(connection)
        if self._thread:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Free it, unless somebody else has it by now."""
        self._is_released.set()
        if self._thread:
            self._thread.join()
        with writing(self._engine) as connection:
            connection.execute(leases.delete().where(leases.c.name == self.name, leases.c.token == self.token))

    def renew(self) -> None:
        """Extend it by its length from now.

        Raises:
            LeaseHeld: It was lost: it ran out, and somebody else took it.
        """
        with writing(self._engine) as connection:
            now = machine_now(connection)
            renewed = connection.execute(
                update(leases)
                .where(leases.c.name == self.name, leases.c.token == self.token)
                .values(expires_at=now + self._length)
            )
            if not renewed.rowcount:
                raise self._lost(connection)

    def require(self, connection: Connection) -> None:
        """Refuse to go on in this transaction if the lease was lost; nobody can take it before the transaction ends.

        Raises:
            LeaseHeld: It was lost.
        """
        row = connection.execute(select(leases.c.token).where(leases.c.name == self.name).with_for_update()).scalar()
        if row != self.token:
            raise self._lost(connection)

    def _take(self, connection: Connection) -> None:
        now = machine_now(connection)
        ours = {
            "name": self.name,
            "token": self.token,
            "holder": self._holder,
            "host": host_identity(),
            "pid": os.getpid(),
            "process_started": started(os.getpid()) or "",
            "acquired_at": now,
            "expires_at": now + self._length,
        }
        there = None
        for _ in range(_TRIES):
            insert_once(connection, leases, [ours])
            held = select(leases).where(leases.c.name == self.name).with_for_update()
            there = connection.execute(held).mappings().one_or_none()
            if there is not None:
                break  # else its holder freed it between the two statements
        if there is None:
            raise TransientError(f"{self.name} changed hands {_TRIES} times while it was asked for; run again")
        if there["token"] == self.token:
            return
        if there["expires_at"] > now and not is_gone(there["host"], there["pid"], there["process_started"]):
            raise LeaseHeld(f"{self.name} is held by {_described(there)}; wait for it to end")
        connection.execute(update(leases).where(leases.c.name == self.name).values(ours))

    def _lost(self, connection: Connection) -> LeaseHeld:
        there = connection.execute(select(leases).where(leases.c.name == self.name)).mappings().one_or_none()
        by = f"taken by {_described(there)}" if there else "freed by somebody else"
        return LeaseHeld(f"{self.name} was lost by {self._holder}: {by}; nothing of this run was committed, run again")

    def _beat(self) -> None:
        while not self._is_released.wait(self._length.total_seconds() / BEATS_PER_LEASE):
            try:
                self.renew()
            except TransientError:
                continue  # the next beat may reach the database; if none does, the lease runs out
            except LeaseHeld:
                return  # the run learns it from its own next renewal


def _described(row: RowMapping) -> str:
    return (
        f"{row['holder']} (process {row['pid']}) since {row['acquired_at']:%Y-%m-%d %H:%M:%S} UTC, "
        f"until {row['expires_at']:%Y-%m-%d %H:%M:%S} UTC unless renewed"
    )
