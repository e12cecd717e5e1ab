"""Run every benchmark, or those named: `python -m benchmarks [NAME ...]`; NAMES has them all."""

from __future__ import annotations

import sys

NAMES = ("run", "stages", "reconcile", "adapters", "gates", "trail", "engine", "households")


def main(names: list[str]) -> int:
    """Run the named benchmarks, all by default."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    chosen = names or list(NAMES)
    if "run" in chosen:
        from benchmarks import whole_run

        whole_run.main()
    if "stages" in chosen:
        from benchmarks import stages_million

        stages_million.main()
    if "reconcile" in chosen:
        from benchmarks import reconcile_million

        reconcile_million.main()
    if "adapters" in chosen:
        from benchmarks import adapters

        adapters.main()
    if "gates" in chosen:
        from benchmarks import gates_import

        gates_import.main()
    if "trail" in chosen:
        from benchmarks import trail

        trail.main()
    if "engine" in chosen:
        from benchmarks import engine

        engine.main()
    if "households" in chosen:
        from benchmarks import engine_households

        engine_households.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
