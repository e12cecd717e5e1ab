"""Run every benchmark, or those named: `python -m benchmarks [NAME ...]`; MODULES has them all."""

from __future__ import annotations

import sys
from importlib import import_module

MODULES = {
    "run": "whole_run",
    "stages": "stages_million",
    "reconcile": "reconcile_million",
    "adapters": "adapters",
    "gates": "gates_import",
    "trail": "trail",
    "engine": "engine_goals",
}
"""Names and modules; each has a `main` without arguments, and is imported only when it runs."""


def main(names: list[str]) -> int:
    """Run the named benchmarks in order of MODULES, all by default."""
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        print(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(MODULES)}")
        return 2
    for name, module in MODULES.items():
        if not names or name in names:
            import_module(f"benchmarks.{module}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
