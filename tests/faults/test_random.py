"""A few random damages; `make faults-random` makes a thousand."""

from __future__ import annotations

import pytest

from evenkeel.sandbox.faults.fault import Session
from tests.faults.conftest import Runs
from tests.faults.random_damage import Step, damaged
from tests.faults.random_run import drawn

EXAMPLES = 25


def test_a_damage_is_the_same_each_time(runs: Runs) -> None:
    run = runs(Session.SHOCK)
    step = Step("bytes gone", 3, 40, 7)
    files, told = damaged(run.clean_files, [step])
    assert len(told) == 1
    assert files != run.clean_files
    assert damaged(run.clean_files, [step]) == (files, told)


@pytest.mark.slow
def test_random_damage_raises_no_false_alert(runs: Runs) -> None:
    told = drawn(runs(Session.SHOCK), EXAMPLES, number=3)
    assert told.count == EXAMPLES
    assert not [found for found in told.wrong if found.false_alerts or found.crashed]
