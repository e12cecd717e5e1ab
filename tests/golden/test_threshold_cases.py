from pathlib import Path

import polars as pl
import pytest

from tests.golden.runner import cases, check, expected
from tests.golden.scene import scene


@pytest.mark.parametrize("folder", cases("threshold"), ids=lambda folder: folder.name)
def test_threshold_case(folder: Path) -> None:
    judged = scene((folder / "input.yaml").read_text(encoding="utf-8")).judge()
    wanted = expected(folder)
    texts = wanted.pop("widening_texts", [])
    check(
        {
            "looks": judged.looks,
            "bands": judged.bands,
            "breaches": judged.breaches,
            "standing": judged.standing,
        },
        wanted,
    )
    said = [widening.text for widening in judged.widenings if widening.text]
    assert len(said) == len(texts), said
    for text, found in zip(texts, said, strict=True):
        assert text in found
    assert isinstance(judged.bands, pl.DataFrame)
