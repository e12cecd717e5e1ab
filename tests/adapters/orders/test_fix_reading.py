"""ExecutionReports: partial fills, busts, corrections, and what is told instead of dropped."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from data_contracts.vocab import BlockState, FillStatus
from evenkeel.adapters.orders.fix_reading import read_fix_answers, split_messages
from evenkeel.orders.fills import done, standing
from tests.adapters.orders.fix_cases import framed
from tests.support.ordering import block_of


def report(
    execution_id: str, kind: str = "F", status: str = "1", quantity: str = "30", price: str = "250.1", extra: str = ""
) -> bytes:
    return framed(
        f"8=FIX.4.4\x0135=8\x0134=2\x0149=SCHWAB\x0152=20260304-14:47:00\x0156=US\x0137=S-1\x0111=ord-1\x0117={execution_id}\x01150={kind}\x01"
        f"39={status}\x0155=VTI\x0154=2\x0138=100\x0132={quantity}\x0131={price}\x01151=70\x0114=30\x016=250.1\x01"
        f"60=20260304-14:46:30.500\x01{extra}"
    )


def test_a_partial_fill_is_an_execution_with_its_session() -> None:
    (news,) = read_fix_answers(report("E1")).news
    assert news.state == BlockState.PARTLY_FILLED
    assert news.fill is not None
    assert (news.fill.order_id, news.fill.execution_id, news.fill.filled_qty, news.fill.price_usd) == (
        "ord-1",
        "E1",
        Decimal(30),
        Decimal("250.1"),
    )
    assert news.fill.filled_at == dt.datetime(2026, 3, 4, 14, 46, 30, 500_000, tzinfo=dt.UTC)
    assert (news.fill.trade_date, news.fill.status) == (dt.date(2026, 3, 4), FillStatus.GOOD)


def test_busts_and_corrections_name_what_they_change() -> None:
    told = b"\n".join(
        [
            report("E1"),
            report("E2", status="2", quantity="70", price="250.2"),
            report("C1", kind="G", quantity="70", price="250.3", extra="19=E2\x01"),
            report("X1", kind="H", quantity="0", price="0", extra="19=E1\x01"),
        ]
    )
    answers = read_fix_answers(told)
    assert answers.problems == []
    fills = [one.fill for one in answers.news if one.fill]
    assert [(one.execution_id, one.price_usd) for one in standing(fills)] == [("C1", Decimal("250.3"))]
    block = block_of(("A", "100"))
    assert done(block, fills).filled_qty == 0  # another order's fills are not this block's


def test_other_reports_bring_a_state_only() -> None:
    states = [("0", "0"), ("4", "4"), ("8", "8"), ("C", "C"), ("3", "3"), ("I", "1")]
    news = read_fix_answers(
        b"".join(report(f"S{place}", kind, status) for place, (kind, status) in enumerate(states))
    ).news
    assert [(one.state, one.fill) for one in news] == [
        (BlockState.SENT, None),
        (BlockState.CANCELLED, None),
        (BlockState.REJECTED, None),
        (BlockState.CANCELLED, None),
        (None, None),
        (BlockState.PARTLY_FILLED, None),
    ]


def test_a_rejects_own_word_is_kept() -> None:
    (news,) = read_fix_answers(report("R1", "8", "8", extra="58=account restricted\x01")).news
    assert (news.state, news.text) == (BlockState.REJECTED, "account restricted")


def test_what_cannot_be_taken_is_told_and_the_rest_is_read() -> None:
    good = report("E1")
    logon = framed("8=FIX.4.4\x0135=A\x0134=1\x0149=SCHWAB\x0152=20260304-14:47:00\x0156=US\x0198=0\x01108=30\x01")
    data = b"".join(
        [
            logon,
            good.replace(b"32=30", b"32=31"),
            report("E2", quantity="0"),
            report("C1", kind="G"),
            report("E4").replace(b"11=ord-1\x01", b""),
            b"garbage",
            good,
        ]
    )
    answers = read_fix_answers(data)
    assert [one.fill.execution_id for one in answers.news if one.fill] == ["E1"]
    assert [problem.split(":")[0] for problem in answers.problems] == [f"message {place}" for place in (2, 3, 4, 5, 6)]
    assert "sum to" in answers.problems[0]
    assert "LastQty" in answers.problems[1]
    assert "ExecRefID" in answers.problems[2]


def test_messages_are_split_with_and_without_line_breaks() -> None:
    one, two = report("E1"), report("E2")
    for data in (one + two, one + b"\n" + two + b"\n", one + b"\r\n" + two):
        assert split_messages(data) == [one, two]
    assert split_messages(b"") == []
    assert split_messages(one + two[:-4]) == [one, two[:-4]]


def test_a_message_that_was_cut_off_does_not_take_the_next_one_along() -> None:
    answers = read_fix_answers(report("E1")[:-20] + b"\n" + report("E2"))
    assert [news.fill.execution_id for news in answers.news if news.fill] == ["E2"]
    assert len(answers.problems) == 1


def test_days_that_no_calendar_has_are_told() -> None:
    for extra in ("75=20260231\x01", "75=00000101\x01"):
        assert "no calendar" in read_fix_answers(report("E1", extra=extra)).problems[0]
    for day in (b"20260230", b"00010101", b"99991231"):
        bare = report("E1").split(b"\x019=")[0] + b"\x01" + report("E1").split(b"\x01", 2)[2].rsplit(b"10=", 1)[0]
        told = read_fix_answers(framed(bare.replace(b"60=20260304", b"60=" + day).decode()))
        assert (len(told.news), len(told.problems)) == (0, 1)


def test_a_count_of_a_group_that_is_no_number_is_told() -> None:
    answers = read_fix_answers(report("E1", extra="453=²\x01448=A\x01447=D\x01452=1\x01"))
    assert (len(answers.news), len(answers.problems)) == (0, 1)


def test_a_refusal_is_told() -> None:
    head = "49=SCHWAB\x0152=20260304-14:47:00\x0156=US\x0134=2\x01"
    for text in (f"35=3\x01{head}45=2\x01", f"35=j\x01{head}372=D\x01380=0\x01"):
        answers = read_fix_answers(framed(f"8=FIX.4.4\x01{text}"))
        assert answers.news == []
        assert "refuses what it was sent" in answers.problems[0]
