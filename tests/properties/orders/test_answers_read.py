"""Files of answers, however damaged: never an exception but UsageError, and each row or message is news or a problem."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from evenkeel.adapters.orders.fills_csv import read_fills_csv
from evenkeel.adapters.orders.fix_reading import read_fix_answers, split_messages
from evenkeel.errors import UsageError
from tests.adapters.orders.fix_cases import framed

_TAGS = st.sampled_from(
    ["6", "11", "14", "17", "19", "31", "32", "37", "39", "54", "60", "75", "150", "151", "453", "448"]
)
_VALUES = st.one_of(
    st.sampled_from(
        ["F", "G", "H", "1", "-1", ".5", "20260230", "20260304-14:46:60", "00010101-00:00:00", "²", "", "9" * 40]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\x01"), max_size=12),
)
_BASE = {
    "37": "S",
    "11": "o",
    "17": "E",
    "150": "F",
    "39": "1",
    "55": "V",
    "54": "2",
    "151": "0",
    "14": "1",
    "6": "1",
    "32": "1",
    "31": "1",
}


@given(st.lists(st.tuples(_TAGS, _VALUES), max_size=4))
@settings(max_examples=300, deadline=None)
@example([("75", "20260231")])
@example([("60", "00010101-00:00:00")])
def test_a_framed_report_is_news_or_a_problem(changes: list[tuple[str, str]]) -> None:
    fields = _BASE | dict(changes)
    body = "".join(f"{tag}={value}\x01" for tag, value in fields.items())
    answers = read_fix_answers(framed(f"8=FIX.4.4\x0135=8\x0134=2\x0149=A\x0152=20260304-14:47:00\x0156=B\x01{body}"))
    assert len(answers.news) + len(answers.problems) == 1


@given(st.binary(max_size=80), st.integers(0, 60), st.binary(max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_byte_of_a_file_of_messages_is_lost(before: bytes, cut: int, between: bytes) -> None:
    good = framed("8=FIX.4.4\x0135=0\x0134=2\x0149=A\x0152=20260304-14:47:00\x0156=B\x01")
    data = before + good[: len(good) - cut] + between + good
    parts = split_messages(data)
    assert b"".join(parts).translate(None, b"\r\n") == data.translate(None, b"\r\n")
    read_fix_answers(data)


_CELLS = st.one_of(
    st.sampled_from(
        ["o-1", "10", "1,000", '"1,000"', "250.5", "2026-03-04", "2026-03-04T14:46:30Z", "9999-12-31", "bust", '"', ""]
    ),
    st.text(max_size=8),
)


@given(st.lists(st.lists(_CELLS, min_size=1, max_size=8), max_size=6))
@settings(max_examples=300, deadline=None)
def test_a_file_of_fills_is_read_or_told(rows: list[list[str]]) -> None:
    text = "order id,qty,price,time,date,status,refers to\n" + "\n".join(",".join(row) for row in rows)
    with suppress(UsageError):
        read_fills_csv(text.encode("utf-8", "surrogatepass"))


@given(
    st.lists(
        st.sampled_from(["o-1,1,2,2026-03-04,a", "o-1,1,2,2026-03-04,b", "o-2,x,2,2026-03-04,", "o-3,1,2,3,4,5"]),
        max_size=8,
    )
)
@settings(max_examples=100, deadline=None)
def test_each_row_of_fills_is_an_execution_of_its_own_or_a_problem(rows: list[str]) -> None:
    answers = read_fills_csv(("order id,qty,price,date,venue\n" + "\n".join(rows)).encode())
    assert len({one.fill.execution_id for one in answers.news if one.fill}) + len(answers.problems) == len(rows)
