"""Files on their way: in a place of this process's own, and swept up by the next one where a process died with them.

A killed process cannot clean up after itself, and what it leaves may be a client's file. So the name says whose it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evenkeel.adapters.stores.process import host_identity, started

LONGEST_SECONDS = 24 * 3600
"""What another machine (or this one before its last start) left is taken for abandoned after so long."""


@contextmanager
def arriving_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a folder of this process's own in `parent`, and remove it with what is in it.

    Folders of the same prefix whose processes are gone are removed first.
    """
    sweep(parent, prefix)
    folder = Path(tempfile.mkdtemp(prefix=own_prefix(prefix), dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def own_prefix(prefix: str) -> str:
    """Return how names of this process begin."""
    return f"{prefix}{_host()}-{os.getpid()}-{_short(started(os.getpid()) or '')}-"


def sweep(parent: Path, prefix: str) -> None:
    """Remove files and folders of that prefix in `parent` whose process is gone."""
    for path in parent.glob(f"{prefix}*"):
        if _is_abandoned(path, path.name.removeprefix(prefix).split("-")):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _is_abandoned(path: Path, words: list[str]) -> bool:
    if len(words) == 4 and words[0] == _host() and words[1].isdigit():
        start = started(int(words[1]))
        return start is None or _short(start) != words[2]
    try:
        return time.time() - path.stat().st_mtime > LONGEST_SECONDS
    except FileNotFoundError:
        return False


def _host() -> str:
    return _short(host_identity())


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
