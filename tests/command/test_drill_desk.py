"""The end of the drill on a small practice: decisions, a pause, orders, fills, and a trail that verifies."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

from data_contracts.vocab import ConsentKind, ConsentState, DeliveryState, ProposalState
from evenkeel.desk.drill_desk import play
from evenkeel.desk.reporting.gathering import gather
from evenkeel.reports.filled import told as told_clients
from evenkeel.reports.period import month_of
from evenkeel.run.house import House
from evenkeel.wiring import open_house, read_settings
from evenkeel.wiring_messages import drill_settings, send_by
from tests.command.practice import Home
from tests.command.test_consent import Made, made

__all__ = ["made"]


def test_the_script_plays_from_proposals_to_reconciled_fills(made: Made, tmp_path: Path) -> None:
    home = made[0].copy(tmp_path / "home")
    with home.environment():
        _plays(home, made[1].dates[0])


def _plays(home: Home, last_date: dt.date) -> None:
    settings = read_settings(home.path)

    def house_at(at: dt.datetime) -> House:
        return open_house(settings.model_copy(update={"clock": at}))

    def tell(at: dt.datetime) -> list[str]:
        return send_by(drill_settings(settings).model_copy(update={"clock": at}))

    lines = list(play(house_at, tell, home.path / "orders", last_date, seed=11))
    told = "\n".join(lines)
    print(told)
    assert "BROKEN" not in told
    assert lines[-1].startswith("The trail verifies")
    end = house_at(dt.datetime(2026, 3, 12, 12, 0, tzinfo=dt.UTC))
    states = {case.state for case in end.approvals.cases()}
    reviewed = [
        one.state
        for case in end.approvals.cases()
        for one in case.consents
        if one.kind is ConsentKind.COMPLIANCE_REVIEW
    ]
    assert ConsentState.GIVEN in reviewed, "an adviser asked compliance, which answered"
    assert "1 reviewed by compliance" in told
    assert ProposalState.RECONCILED in states
    assert not {ProposalState.STAGED, ProposalState.SENT, ProposalState.WITH_ADVISER} & states
    assert end.order_book.batches()
    sent = [one for one in end.records.outbox.find(states=[DeliveryState.SENT], limit=10_000)]
    kinds = Counter(one.message.kind for one in sent)
    print(kinds)
    assert kinds["approval_requested"] > 0
    filled = [one for one in end.approvals.cases(states=[ProposalState.RECONCILED])]
    assert kinds["client_after_fill_short"] + kinds["client_after_fill_detailed"] >= len(filled)
    assert not end.records.outbox.find(states=[DeliveryState.DEAD, DeliveryState.IN_DOUBT])
    facts = gather(end, month_of("2026-03"))
    blocks = [block for batch in end.order_book.batches() for block in batch.blocks]
    assert sorted(facts.orders["order_id"]) == sorted(block.order_id for block in blocks)
    assert set(facts.allocations["order_id"]) == set(facts.orders["order_id"])
    assert facts.fills.height == len(end.order_book.fills())
    minutes = [each.minutes for each in told_clients(facts)]
    assert minutes
    assert all(each is not None and 0 <= each <= 15 for each in minutes), "nobody is told of a fill before it is there"
    home.command("report", "kpis", "--month", "2026-03")
    (case, *_) = filled
    home.command("report", "before-after", "--proposal", case.proposal_id)
