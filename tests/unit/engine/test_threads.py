"""Jobs on threads: results in order, few at a time, errors where they belong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from evenkeel.engine.threads import SPARE, ahead, in_order


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
    assert most <= threads + SPARE


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_where_its_result_would_be(threads: int) -> None:
    def fail() -> int:
        raise ValueError("third")

    seen: list[int] = []
    with pytest.raises(ValueError, match="third"):
        seen.extend(in_order(iter([lambda: 1, lambda: 2, fail, lambda: 4]), threads))
    assert seen == [1, 2]


def test_results_are_used_in_order_and_all_by_the_end() -> None:
    used: list[int] = []

    assert list(ahead(iter(range(20)), used.append)) == list(range(20))
    assert used == list(range(20))


def test_a_use_that_fails_ends_it_and_nothing_later_is_used() -> None:
    used: list[int] = []

    def use(result: int) -> None:
        if result == 3:
            raise ValueError("full")
        used.append(result)

    with pytest.raises(ValueError, match="full"):
        list(ahead(iter(range(20)), use))
    assert used == [0, 1, 2]


def test_the_last_use_fails_too() -> None:
    def use(result: int) -> None:
        if result == 2:
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        list(ahead(iter(range(3)), use))
