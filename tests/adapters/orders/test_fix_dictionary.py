"""The dictionary, and the negative cases of QuickFIX refused for the stated reason."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evenkeel.adapters.orders.fix_checking import FixReason, check_message
from evenkeel.adapters.orders.fix_dictionary import FIX44, Dictionary, fix44, read_dictionary
from evenkeel.errors import UsageError
from tests.adapters.orders.fix_cases import framed, read_cases

DEFINITIONS = [
    "fix42_14b_RequiredFieldMissing",
    "fix42_14e_IncorrectEnumValue",
    "fix42_3b_InvalidChecksum",
    "fix44_14b_RequiredFieldMissing",
    "fix44_14e_IncorrectEnumValue",
    "fix44_3b_InvalidChecksum",
]
GOOD = (
    "8=FIX.4.4\x0135=D\x0134=2\x0149=US\x0152=<TIME>\x0156=THEM\x0111=ID\x011=ACC\x0121=1\x0155=VTI\x0154=1\x01"
    "60=<TIME>\x0138=10\x0140=1\x0159=0\x01"
)


@pytest.fixture(scope="session")
def samples(shared: Path) -> Path:
    folder = shared / "samples" / "fix"
    if not folder.is_dir():
        pytest.skip(f"no directory {folder}; set EVENKEEL_SHARED")
    return folder


@pytest.fixture(scope="session")
def fix42(samples: Path) -> Dictionary:
    return read_dictionary((samples / "FIX42.xml").read_bytes())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_negative_cases_are_refused_for_the_stated_reason(name: str, samples: Path, fix42: Dictionary) -> None:
    dictionary = fix42 if name.startswith("fix42") else fix44()
    cases = read_cases(samples / f"{name}.def")
    assert any(case.reject or case.is_ignored for case in cases)
    for case in cases:
        found = [(problem.tag, problem.reason) for problem in check_message(case.raw, dictionary).problems]
        if case.is_ignored:
            assert found == [(10, FixReason.CHECKSUM)], f"line {case.line}"
        elif case.reject is not None:
            assert (case.reject[0], FixReason(case.reject[1])) in found, f"line {case.line}"
        else:
            assert found == [], f"line {case.line}"


def test_the_vendored_dictionary_is_the_original_and_has_its_licence(samples: Path) -> None:
    assert FIX44.read_bytes() == (samples / "FIX44.xml").read_bytes()
    assert FIX44.with_name("FIX44-LICENSE.txt").read_bytes() == (samples / "LICENSE-quickfix.txt").read_bytes()


def test_what_is_read_of_the_dictionary() -> None:
    one = fix44()
    assert hashlib.sha256(FIX44.read_bytes()).hexdigest()[:16] == "a82655b54363aa9c"
    assert one.begin_string == "FIX.4.4"
    assert one.name(54) == "54 Side"
    required = {kind: {tag for tag, member in one.messages[kind].items() if member.is_required} for kind in "DEJ8"}
    # The table of what is required in FIX 4.4, components resolved: none of theirs is required.
    assert required == {
        "D": {11, 54, 60, 40},
        "E": {66, 394, 68, 73},
        "J": {70, 71, 626, 857, 54, 53, 6, 75},
        "8": {37, 17, 150, 39, 54, 151, 14, 6},
    }
    assert {tag for tag, member in one.header.items() if member.is_required} == {8, 9, 35, 49, 56, 34, 52}
    group = one.messages["E"][73].group
    assert group is not None
    assert [member.tag for member in group if member.is_required] == [11, 67, 54]


def test_a_good_order_passes() -> None:
    checked = check_message(framed(GOOD), fix44())
    assert checked.problems == []
    assert checked.fields.get(55) == "VTI"


@pytest.mark.parametrize(
    ("change", "tag", "reason"),
    [
        (("38=10", "38=ten"), 38, FixReason.DATA_FORMAT),
        (("38=10", "38="), 38, FixReason.TAG_WITHOUT_VALUE),
        (("54=1", "54=Z"), 54, FixReason.VALUE_OUT_OF_RANGE),
        (("54=1\x01", ""), 54, FixReason.REQUIRED_TAG_MISSING),
        (("38=10", "38=10\x0138=11"), 38, FixReason.TAG_TWICE),
        (("38=10", "38=10\x015999=x"), 5999, FixReason.INVALID_TAG),
        (("38=10", "38=10\x01150=F"), 150, FixReason.TAG_NOT_DEFINED_FOR_MESSAGE),
        (("38=10", "38=10\x0150=desk"), 50, FixReason.OUT_OF_ORDER),
        (("60=<TIME>", "60=2026-03-04"), 60, FixReason.DATA_FORMAT),
        (("35=D", "35=ZZ"), 35, FixReason.MESSAGE_TYPE),
        (("1=ACC", "78=2\x0179=A\x0180=10"), 78, FixReason.GROUP_COUNT),
        (("1=ACC", "78=0"), 78, FixReason.GROUP_COUNT),
        (("1=ACC", "78=1\x0180=10\x0179=A"), 80, FixReason.GROUP_ORDER),
        (("8=FIX.4.4", "8=FIX.4.2"), 8, FixReason.NOT_A_MESSAGE),
    ],
)
def test_each_kind_of_fault_is_found(change: tuple[str, str], tag: int, reason: FixReason) -> None:
    before, after = change
    assert before in GOOD
    problems = check_message(framed(GOOD.replace(before, after, 1)), fix44()).problems
    assert (tag, reason) in [(problem.tag, problem.reason) for problem in problems]


def test_a_wrong_frame_is_found_and_looked_into_no_further() -> None:
    good = framed(GOOD)
    assert [problem.reason for problem in check_message(good.replace(b"38=10", b"38=11"), fix44()).problems] == [
        FixReason.CHECKSUM
    ]
    longer = good.replace(b"38=10", b"38=100")
    assert [problem.reason for problem in check_message(longer, fix44()).problems] == [
        FixReason.BODY_LENGTH,
        FixReason.CHECKSUM,
    ]
    for broken in (b"", b"hello", good[:-1], good.replace(b"\x0138=", b"\x01x="), good[good.index(b"9=") :]):
        assert [problem.reason for problem in check_message(broken, fix44()).problems] == [FixReason.NOT_A_MESSAGE]


def test_problems_quote_no_values() -> None:
    problems = check_message(
        framed(GOOD.replace("1=ACC", "1=SECRET-1\x011=SECRET-2").replace("54=1", "54=SECRET")), fix44()
    ).problems
    assert problems
    assert not any("SECRET" in problem.text for problem in problems)


def test_a_dictionary_that_does_not_define_what_it_uses_is_refused() -> None:
    text = '<fix type="FIX" major="4" minor="4"><header><{0} name="X"/></header><trailer/><messages/><components/><fields/></fix>'
    for kind in ("field", "component"):
        with pytest.raises(UsageError, match=f"uses {kind} X"):
            read_dictionary(text.format(kind).encode())
