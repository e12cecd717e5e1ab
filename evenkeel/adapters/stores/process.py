"""Who this process is, and whether another one on this machine is gone for certain."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

_PROC = Path("/proc")


def host_identity() -> str:
    """Return what two processes share only if each can see the other: machine, its boot, and the container's process numbers."""
    name = socket.gethostname()
    if sys.platform == "linux":
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{name}/{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    return f"{name}/{uuid.getnode():x}"


def started(pid: int) -> str | None:
    """Return a text that changes when a process number is used again; None where no such process lives."""
    if sys.platform == "linux":
        try:
            # The command's name stands in parentheses and may hold spaces: count from behind it.
            fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] in "ZX" else fields[19]
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


def is_gone(host: str, pid: int, start: str) -> bool:
    """Tell whether a process is provably gone: it ran here, and its number is free or another's by now."""
    return host == host_identity() and started(pid) != start
