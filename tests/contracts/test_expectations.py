"""The suites judge as plain arithmetic would, in silence: no socket, no file, no word on the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_contracts.expectations import FIGURES_SCHEMA, SuiteBroken, judge

Row = tuple[str, str, float | None, float | None, float | None]

ALONE = """
import os, socket, sys

def refused(*args, **kwargs):
    raise AssertionError("a socket was asked for")

socket.socket.connect = refused
socket.create_connection = refused
socket.getaddrinfo = refused
import polars as pl
from data_contracts.expectations import FIGURES_SCHEMA, judge

assert not {"great_expectations", "pandas"} & set(sys.modules)
assert judge(pl.DataFrame(schema=FIGURES_SCHEMA)).height == 0
assert "great_expectations" not in sys.modules
rows = [("alpha", "rows", 1.0, 0.8, 1.25), ("beta", "rows", 0.5, 0.8, 1.25)]
verdicts = judge(pl.DataFrame(rows, schema=FIGURES_SCHEMA, orient="row"))
assert verdicts["is_passed"].to_list() == [True, False]
assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
"""


LOGGED = """
import logging

logging.basicConfig(level=logging.INFO)  # as under Prefect
"""


def verdicts(*rows: Row) -> list[bool]:
    return judge(pl.DataFrame(rows, schema=FIGURES_SCHEMA, orient="row"))["is_passed"].to_list()


def test_a_figure_on_its_bound_passes() -> None:
    assert verdicts(
        ("a", "rows", 0.8, 0.8, 1.25),
        ("b", "rows", 1.25, 0.8, 1.25),
        ("c", "rows", 0.799, 0.8, 1.25),
        ("d", "rows", 1.251, 0.8, 1.25),
    ) == [True, True, False, False]


def test_a_custodian_with_bounds_of_its_own_is_judged_by_them() -> None:
    assert verdicts(
        ("large", "accounts", 0.7, 0.9, 1.25), ("small", "accounts", 0.7, 0.5, 1.5), ("large", "stale", 1.0, None, 0.0)
    ) == [False, True, False]


def test_a_custodian_that_a_gate_cannot_judge_is_not_judged_by_it() -> None:
    assert verdicts(("a", "rows", 0.1, 0.8, 1.25), ("b", "stale", 0.0, None, 0.0)) == [False, True]


@pytest.mark.parametrize("figure", [None, float("nan"), float("inf")])
def test_no_figure_is_no_verdict(figure: float | None) -> None:
    with pytest.raises(SuiteBroken, match="1 figures are null"):
        verdicts(("a", "rows", figure, 0.8, 1.25))


bounded = st.floats(-2, 2, allow_nan=False)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(['a"b', "c'd", "e f", "g"]), st.sampled_from(["rows", "value", "stale"])),
        st.tuples(bounded, st.none() | bounded, bounded),
        min_size=1,
    )
)
def test_the_suites_agree_with_arithmetic(cells: dict[tuple[str, str], tuple[float, float | None, float]]) -> None:
    rows: list[Row] = []
    expected = []
    for (custodian, gate), (observed, lower, upper) in cells.items():
        low, high = (None, upper) if lower is None else (min(lower, upper), max(lower, upper))
        rows.append((custodian, gate, observed, low, high))
        expected.append((low is None or low <= observed) and observed <= high)
    assert verdicts(*rows) == expected


@pytest.mark.parametrize("flags", [("-W", "default", "-c", ALONE), ("-c", LOGGED + ALONE)], ids=["warnings", "log"])
def test_nothing_leaves_the_process_and_nothing_is_left(tmp_path: Path, flags: tuple[str, ...]) -> None:
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR")}
    environment = {**os.environ, **places, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, *flags],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []
