"""Run the faults: `python -m tests.faults singles [NAME ...] | pairs [PART/PARTS] | random [COUNT]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.faults import table
from tests.faults.runs import Case, pairs, singles

EXAMPLES = 1000
SHOWN_EVERY = 250


def main(words: list[str]) -> int:
    """Run what the words name and return the exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evenkeel-faults-") as folder:
        match words:
            case ["singles", *names]:
                code = _singles(names, Path(folder))
            case ["pairs"]:
                code = _pairs(1, 1, Path(folder))
            case ["pairs", share] if share.replace("/", "", 1).isdigit() and "/" in share:
                part, parts = map(int, share.split("/"))
                code = _pairs(part, parts, Path(folder))
            case ["random", *count] if all(word.isdigit() for word in count):
                from tests.faults.random_run import run_random

                code = run_random(int(count[0]) if count else EXAMPLES, Path(folder))
            case _:
                print(__doc__)
                return 2
    print(f"{time.monotonic() - began:.0f} s")
    return code


def _singles(names: list[str], folder: Path) -> int:
    print(table.HEADER, flush=True)
    cases: list[Case] = []
    for case in singles(names, folder):
        cases.append(case)
        print(table.line(case), flush=True)
    wrong = [case for case in cases if case.verdict is None or not case.verdict.is_right]
    for case in wrong:
        print(table.line(case), *table.details(case), sep="\n")
    print(table.summary(cases))
    return int(bool(wrong))


def _pairs(part: int, parts: int, folder: Path) -> int:
    cases: list[Case] = []
    for case in pairs(part, parts, folder):
        cases.append(case)
        if not table.is_pair_right(case):
            print(table.line(case), *table.details(case), sep="\n", flush=True)
        if len(cases) % SHOWN_EVERY == 0:
            print(table.pairs_summary(cases), flush=True)
    print(table.pairs_summary(cases))
    return int(not all(map(table.is_pair_right, cases)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
