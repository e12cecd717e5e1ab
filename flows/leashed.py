"""Run a module's command line, and end it when the parent that started it is gone: `python -m flows.leashed MODULE ARGUMENTS`.

The parent holds the other end of standard input; it closes when the parent ends, however that happens, a kill included.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with_parent() -> None:
    # Not sys.stdin: its lock, held by this thread, would abort the interpreter's ordinary end.
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGTERM)


def main() -> None:
    """Run the module named by the first argument."""
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    threading.Thread(target=_end_with_parent, name="leash", daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
