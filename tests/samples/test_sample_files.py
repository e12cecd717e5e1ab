"""Every sample file of a Schwab, Fidelity, IBKR, Vanguard, TIAA or plain OFX source, through the real command, one case each.

What is expected stands in `cases.yaml`, computed there by hand.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.samples.cases import Case, all_cases, exact
from tests.samples.running import Outcome, run_case

CASES = all_cases()
FOLDERS = ("schwab", "fidelity", "ibkr", "vanguard", "tiaa", "ofx_generic")
JSON_PLACES = 5e-9
"""The task list shows weights to eight places; datasets hold them whole."""
ACCOUNT_NUMBERS = (
    *("Z00000000", "Z00000001", "X0000000A", "X0000000B", "X0000000C", "U0000000", "U12349876", "DUMMYID1"),
    *("111A1111 22B222", "12345678.123456"),  # the Vanguard plan's digits stand inside its transaction ids, too
)
_FLEX_FRAME = ("FlexQueryResponse", "FlexStatements")
_OFX_BLOCK = re.compile("<(INVTRAN|STMTTRN|INVPOS|INVBAL|BAL|INV401K|INV401KBAL|SECINFO)>")


@pytest.fixture
def samples(shared: Path) -> Path:
    """The folder of the sample files."""
    path = shared / "samples"
    if not path.is_dir():
        pytest.skip(f"no directory {path}; set EVENKEEL_SHARED")
    return path


def test_every_sample_file_has_a_case(samples: Path) -> None:
    files = {f"{folder}/{path.name}" for folder in FOLDERS for path in (samples / folder).iterdir()}
    assert files == {case.file for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_sample_file_gives_what_a_person_finds_in_it(case: Case, samples: Path, tmp_path: Path) -> None:
    # One test a file: the command runs once for all that is asked of it.
    outcome = run_case(case, samples, tmp_path)
    check_date_and_stops(case, outcome)
    check_alerts(case, outcome)
    check_rows(case, outcome, samples)
    check_privacy(outcome)


def check_date_and_stops(case: Case, outcome: Outcome) -> None:
    file = outcome.source_file
    assert outcome.exit_code == case.exit_code, outcome.printed
    assert file["business_date"] == case.business_date
    assert (file["status"], file["check"]) == ("stopped" if case.stopped else "read", case.stopped)
    assert file["generation"] == case.generation
    assert outcome.coverage == dict(case.coverage)
    assert_findings(outcome.exceptions, "stop", case.stops)
    assert_findings(outcome.exceptions, "note", case.notes)
    assert not [e for e in outcome.exceptions if e["effect"] == "wait"]


def assert_findings(found: Sequence[Mapping[str, Any]], effect: str, expected: Sequence[Mapping[str, Any]]) -> None:
    """Exactly the expected findings, each with its figures and its message."""
    by_subject = {(e["check"], e["account_id"] or e["subject_id"]): e for e in found if e["effect"] == effect}
    assert Counter(e["check"] for e in found if e["effect"] == effect) == Counter(e["check"] for e in expected)
    assert set(by_subject) == {(e["check"], e["about"]) for e in expected}
    for wanted in expected:
        exception = by_subject[wanted["check"], wanted["about"]]
        assert "\n" not in exception["message"]
        for words in wanted["says"]:
            assert words in exception["message"]
        if "row" in wanted:
            assert exception["row_no"] == wanted["row"]
        for figure in ("expected", "found"):
            if figure in wanted:
                assert exact(exception[figure]) == exact(wanted[figure])


def check_alerts(case: Case, outcome: Outcome) -> None:
    assert [alert["portfolio"]["id"] for alert in outcome.alerts] == [wanted["portfolio"] for wanted in case.alerts]
    for alert, wanted in zip(outcome.alerts, case.alerts, strict=True):
        assert (alert["rule"], alert["status"]) == ("drift", "open")
        assert alert["business_date"] == str(case.business_date)
        assert alert["value_usd"] == wanted["value_usd"]
        assert alert["severity_frac"] == near(wanted["severity"])
        classes = {shown["node"]: shown for shown in alert["classes"]}
        assert set(classes) == set(wanted["classes"])
        for name, by_hand in wanted["classes"].items():
            shown = classes[name]
            assert shown["level"] == "class"
            for column, figure in (("weight", "weight_frac"), ("target", "target_frac"), ("drift", "drift_frac")):
                assert shown[figure] == near(by_hand[column], JSON_PLACES)
            for side in ("lower", "upper"):
                assert shown[f"{side}_frac"] == near(by_hand[side], JSON_PLACES)
            assert shown["is_outside"] is by_hand.get("outside", False)
            stored = outcome.drift[wanted["portfolio"], name]
            assert stored["weight_frac"] == near(by_hand["weight"])
            assert stored["drift_frac"] == near(by_hand["drift"])
            assert stored["target_frac"] == near(by_hand["target"])
            assert exact(by_hand["weight"]) - exact(by_hand["target"]) == near(by_hand["drift"], 1e-10)


def near(figure: str | float, places: float = 1e-9) -> Any:
    """Return a comparison with a figure computed by hand."""
    return pytest.approx(float(exact(figure)), rel=0, abs=places)


def check_rows(case: Case, outcome: Outcome, samples: Path) -> None:
    file = outcome.source_file
    counted = {name: file[f"{column}_count"] for name, column in (
        ("seen", "row"), ("kept", "kept"), ("rejected", "rejected"), ("structural", "structural")
    )}  # fmt: skip
    assert counted == dict(case.rows)
    assert counted["seen"] == counted["kept"] + counted["rejected"] + counted["structural"]
    assert counted["seen"] == rows_of(samples / case.file, counted["structural"])
    kept = {row for frame in outcome.facts.values() for row in frame["row_no"].to_list()}
    rejected = outcome.rejects["row_no"].to_list()
    assert len(rejected) == len(set(rejected)) == file["rejected_count"]
    assert len(kept) == file["kept_count"]
    assert kept.isdisjoint(rejected)
    assert len(kept.union(rejected)) == counted["kept"] + counted["rejected"]
    assert all(1 <= row <= counted["seen"] for row in kept.union(rejected))
    assert {name: frame.height for name, frame in outcome.facts.items()} == dict(case.datasets)
    assert all(outcome.rejects["reason"].str.len_chars() > 0)


def rows_of(path: Path, structural: int) -> int:
    """Count a file's rows without the adapters: lines, the elements of a Flex statement that say something, OFX's blocks of data."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return len(text.splitlines())
    if path.suffix == ".xml":
        elements = ElementTree.fromstring(text).iter()
        return sum(1 for element in elements if element.attrib and element.tag not in _FLEX_FRAME)
    return len(_OFX_BLOCK.findall(text)) + structural


def check_privacy(outcome: Outcome) -> None:
    written = "".join(str(frame.rows()) for frame in (*outcome.facts.values(), outcome.rejects)) + outcome.printed
    assert not [number for number in ACCOUNT_NUMBERS if number in written]
