from pathlib import Path

import pytest

from evenkeel.stages.drift import nearest_models
from tests.golden.runner import cases, check, expected
from tests.golden.scene import scene


@pytest.mark.parametrize("folder", cases("drift"), ids=lambda folder: folder.name)
def test_drift_case(folder: Path) -> None:
    day = scene((folder / "input.yaml").read_text(encoding="utf-8"))
    measured = day.measure()
    check(
        {
            "valuations": measured.valuations,
            "drift": measured.drift,
            "household_drift": measured.household_drift,
            "unmeasurable": measured.unmeasurable,
            "nearest": nearest_models(day.holdings, day.rulebook.portfolios, day.model_targets),
        },
        expected(folder),
    )
