"""Run one date and kill oneself on the way: `python killed_run.py DATE WHERE NUMBER`.

`step 3`: when the third step is about to begin (fetch is the first). `write 5`: at the end of the fifth write to the lake, before
anybody has been told where it lies. `keep 2`: in the middle of taking the second file into the archive. `commit 1`: inside the
transaction that commits the date, before it is committed.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
from pathlib import Path
from typing import Any

from evenkeel.adapters.stores import raw_archive
from evenkeel.adapters.stores.delta_store import DeltaStore
from evenkeel.adapters.stores.records_commit import Commit
from evenkeel.run.sequence import run_date
from evenkeel.wiring import open_house, read_settings


class Fuse:
    """Kills the process when it is touched for the last time."""

    def __init__(self, count: int) -> None:
        self.left = count

    def burn(self) -> None:
        """Come nearer to the end."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run and die."""
    date, where, fuse = dt.date.fromisoformat(sys.argv[1]), sys.argv[2], Fuse(int(sys.argv[3]))
    house = open_house(read_settings())
    if where == "write":
        write = DeltaStore.write

        def write_and_burn(self: DeltaStore, *arguments: Any) -> Any:
            stored = write(self, *arguments)
            fuse.burn()
            return stored

        setattr(DeltaStore, "write", write_and_burn)  # noqa: B010
    if where == "keep":
        copy = raw_archive._copy

        def copy_and_burn(source: Any, target: Any) -> str:
            if target is not None:
                target.write(source.read(100))
                target.flush()
                fuse.burn()
                source.seek(0)
                target.seek(0)
            return copy(source, target)

        raw_archive._copy = copy_and_burn
    if where == "commit":
        commit_run = Commit.commit_run

        def commit_and_burn(self: Commit, *arguments: Any) -> None:
            commit_run(self, *arguments)
            fuse.burn()

        setattr(Commit, "commit_run", commit_and_burn)  # noqa: B010

    def progress(business_date: dt.date, step: str) -> None:
        if where == "step":
            fuse.burn()

    run_date(house, date, progress=progress)
    print(f"not killed: {Path(house.home)}")


if __name__ == "__main__":
    main()
