"""Days in a row, story by story: what the task lists say, played through the command line (`story` tells what a story is).

A look is compared with what was worked out by hand (in the script; README.md of the story shows how) and with the golden files
`expected/<look>.txt` (the table on a terminal of 120 columns) and `.json`. `EVENKEEL_GOLDEN_UPDATE=1` writes the golden files anew; what
was worked out by hand is compared all the same. Read the difference before committing it.

A story is one test, so that it is played once however tests are shared out; what is wrong with it is told all at once.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import pytest

from tests.golden.story import DAYS, Look, Played, Task, facts_of, name_of, play, stories

UPDATE = "EVENKEEL_GOLDEN_UPDATE"


QUICK = ("breach_life", "late_custodian", "order_in_flight")
"""Stories that every test run plays; the others are played by `make e2e`."""


def _cases() -> list[object]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in stories()]


@pytest.mark.parametrize("story", _cases())
def test_story(story: str, tmp_path: Path) -> None:
    played = play(story, tmp_path / "home")
    problems = [
        *_exit_codes(played),
        *(problem for look in played.looks for problem in _by_hand(look)),
        *_golden_files(story, played),
        *_second_runs(played),
        *_identities(played),
        *_backfill(played),
    ]
    assert not problems, "\n" + "\n".join(problems)


def _exit_codes(played: Played) -> Iterator[str]:
    for when, came, wanted in played.exits:
        if came != wanted:
            yield f"run of {when}: exit code {came}, not {wanted}"


def _by_hand(look: Look) -> Iterator[str]:
    """Compare a list with what was worked out by hand: its alerts, no more and no fewer, and each stated fact."""
    tasks = {name_of(task): task for task in look.tasks}
    if set(tasks) != set(look.by_hand):
        yield f"{look.name}: the list has {sorted(tasks)}, by hand {sorted(look.by_hand)}"
    for name in sorted(set(tasks) & set(look.by_hand)):
        task, actual = tasks[name], facts_of(tasks[name])
        said = f"{task['reason']} {task['status_reason'] or ''}"
        for fact, value in look.by_hand[name].items():
            if fact == "says":
                if value not in said:
                    yield f"{look.name}: {name} says {said!r}, not {value!r}"
            elif actual[fact] != (pytest.approx(value, abs=1e-6) if isinstance(value, float) else value):
                yield f"{look.name}: {name}: {fact} is {actual[fact]}, by hand {value}"


def _golden_files(story: str, played: Played) -> Iterator[str]:
    folder = DAYS / story / "expected"
    files = {}
    for look in played.looks:
        files[f"{look.name}.txt"] = look.table
        files[f"{look.name}.json"] = json.dumps(look.shown, indent=1, ensure_ascii=False, default=str) + "\n"
    if os.environ.get(UPDATE):
        _write(folder, files)
    if {path.name for path in folder.iterdir()} != set(files):
        yield f"{folder} has other files than {sorted(files)}"
        return
    for name, text in files.items():
        wanted = (folder / name).read_text(encoding="utf-8")
        if text != wanted:
            changes = difflib.unified_diff(wanted.splitlines(), text.splitlines(), "expected", "actual", "", "", 1, "")
            yield "\n".join([f"expected/{name}:", *changes])


def _second_runs(played: Played) -> Iterator[str]:
    """The same run made again changes nothing."""
    for look, (_, came, _) in zip(played.looks, played.exits, strict=True):
        if look.again != look.tasks:
            yield f"{look.name}: a second run changed the task list"
        if look.again_exit != came:
            yield f"{look.name}: the second run ended with {look.again_exit}, the first with {came}"


def _identities(played: Played) -> Iterator[str]:
    """One breach is one alert, with one id for as long as it stands."""
    before: dict[str, str] = {}
    for look in played.looks:
        names = [name_of(task) for task in look.tasks]
        if len(names) != len(set(names)):
            yield f"{look.name}: an alert stands there twice: {names}"
        for task in look.tasks:
            if before.get(name_of(task), task["id"]) != task["id"]:
                yield f"{look.name}: {name_of(task)} has another id than in the list before"
        before = {name_of(task): task["id"] for task in look.tasks if task["status"] != "closed"}


def _backfill(played: Played) -> Iterator[str]:
    """With all files and decisions there, all sessions made again at once end in the same lists.

    They are made by the book as it is known at the end: a proposal that it judges otherwise is named by the story.
    """
    lists = played.final_tasks()
    _, last, _ = played.exits[-1]
    code, out = played.run("backfill", str(min(lists)), str(max(lists)))
    if code != last:
        yield f"backfill: exit code {code}, not {last}: {out}"
    for date, tasks in played.final_tasks().items():
        other = played.backfilled.get(date, {})
        judged = {name_of(task): task["proposal"]["status"] for task in tasks if name_of(task) in other}
        if judged != other:
            yield f"backfill: proposals of {date} are {judged}, by hand {other}"
        if _without_proposals(tasks, other) != _without_proposals(lists[date], other):
            yield f"backfill: the task list of {date} differs from that of its own run"


def _without_proposals(tasks: Sequence[Task], named: Container[str]) -> list[Task]:
    """Return the tasks, those named without their proposals."""
    return [{**task, "proposal": None} if name_of(task) in named else task for task in tasks]


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
