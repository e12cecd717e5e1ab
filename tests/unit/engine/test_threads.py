"""Jobs on threads: results in order, few at a time, errors where they belong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from evenkeel.engine.threads import in_order


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_results_come_in_the_order_of_the_jobs_and_few_wait(threads: int) -> None:
    taken, given, most = 0, 0, 0

    def jobs() -> Iterator[Callable[[], int]]:
        nonlocal taken
        for number in range(20):
            taken += 1

            def job(number: int = number) -> int:
                time.sleep(0.002 * (number % 3))
                return number

            yield job

    for result in in_order(jobs(), threads):
        assert result == given
        given += 1
        most = max(most, taken - given)
    assert given == 20
    assert most <= threads


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_where_its_result_would_be(threads: int) -> None:
    def fail() -> int:
        raise ValueError("third")

    seen: list[int] = []
    with pytest.raises(ValueError, match="third"):
        seen.extend(in_order(iter([lambda: 1, lambda: 2, fail, lambda: 4]), threads))
    assert seen == [1, 2]
