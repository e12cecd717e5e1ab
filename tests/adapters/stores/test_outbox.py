"""The outbox on both databases: nothing lost, nothing sent twice that was taken, doubt shown."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from data_contracts.vocab import Channel, DeliveryState, EventKind
from evenkeel.adapters.notifiers.smtp import SmtpNotifier, SmtpServer
from evenkeel.adapters.stores.database import open_engine, upgrade, writing
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.desk.sending import resolve, send_due
from evenkeel.errors import UsageError
from evenkeel.ports import Attempt, Delivery, Message, Outcome, Retries, StoredMessage, TrailQuery
from tests.adapters.stores.samples import alerts, processes, run
from tests.support.mail_server import mail_server
from tests.support.posting import Everybody, MovingClock, Told, message, post_of

SENT, DELAYED, DEAD, IN_DOUBT = DeliveryState.SENT, DeliveryState.DELAYED, DeliveryState.DEAD, DeliveryState.IN_DOUBT


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def states(records: SqlRecords) -> dict[str, DeliveryState]:
    return {each.message.message_id: each.state for each in records.outbox.find()}


def only(records: SqlRecords) -> StoredMessage:
    (found,) = records.outbox.find()
    return found


def told(records: SqlRecords, subject: str = "pp-5d1e9c70a2b34f68") -> list[str]:
    return [each["kind"] for each in records.find_events(TrailQuery(subject))]


def test_a_message_is_queued_once_sent_once_and_told(records: SqlRecords, clock: MovingClock) -> None:
    email = Told()
    post = post_of(records, {Channel.EMAIL: email}, clock)
    assert records.outbox.queue([message("1"), message("1")], clock.now()) == 1
    assert records.outbox.queue([message("1"), message("2")], clock.now()) == 1
    assert send_due(post).by_state == {SENT: 2}
    assert send_due(post).by_state == {}
    assert email.asked == ["ms-1", "ms-2"]
    stored = next(each for each in records.outbox.find() if each.message.message_id == "ms-1")
    assert (stored.sent_at, stored.evidence, stored.attempt_count) == (clock.now(), {"response_code": 1}, 1)
    assert told(records) == ["message_queued", "message_queued", "message_sent", "message_sent"]
    events = records.find_events(TrailQuery("pp-5d1e9c70a2b34f68"))
    assert "Kevin" not in str(events), "the trail has ids and digests, no names"
    assert "client.example" not in str(events)


def test_a_channel_that_is_down_delays_and_never_loses(records: SqlRecords, clock: MovingClock) -> None:
    email, chat = Told([Outcome.CHANNEL_DOWN] * 40), Told()
    post = post_of(records, {Channel.EMAIL: email, Channel.CHAT: chat}, clock)
    records.outbox.queue([message("1"), message("2"), message("3", Channel.CHAT)], clock.now())
    first = send_due(post)
    assert first.down == {Channel.EMAIL: "told to be channel_down"}
    assert email.asked == ["ms-1"], "no use trying the next one"
    assert chat.taken == ["ms-3"]
    for _ in range(39):
        clock.move(hours=1)
        send_due(post)
    assert DEAD not in states(records).values(), "it is tried for ever"
    clock.move(hours=1)
    assert send_due(post).by_state == {SENT: 2}
    assert sorted(email.taken) == ["ms-1", "ms-2"]
    assert told(records).count("message_delayed") == 2, "a delay for the same reason is told once"


def test_waits_double_up_to_a_cap_and_heed_the_other_side(records: SqlRecords, clock: MovingClock) -> None:
    assert [Retries(60, 3600).wait_seconds(n) for n in (1, 2, 3, 6, 7, 8, 1000)] == [
        60,
        120,
        240,
        1920,
        3600,
        3600,
        3600,
    ]
    email = Told([Outcome.NOT_NOW, Outcome.NOT_NOW])
    post = post_of(records, {Channel.EMAIL: email}, clock)
    records.outbox.queue([message("1")], clock.now())
    send_due(post)
    assert only(records).next_try_at == clock.now() + dt.timedelta(seconds=60)
    clock.move(seconds=59)
    assert send_due(post).by_state == {}
    clock.move(seconds=1)
    email.retry_after_seconds = 900
    send_due(post)
    assert only(records).next_try_at == clock.now() + dt.timedelta(seconds=900)


def test_a_message_that_is_refused_is_dead_and_shown(records: SqlRecords, clock: MovingClock) -> None:
    email = Told([Outcome.REFUSED, *[Outcome.NOT_NOW] * 3])
    post = post_of(records, {Channel.EMAIL: email}, clock, addresses=Everybody(("HH-9",)))
    records.outbox.queue(
        [message("1"), message("2"), message("3", recipient_ref="HH-9"), message("4", expires_at=clock.now())],
        clock.now(),
    )
    for _ in range(3):
        send_due(post)
        clock.move(hours=2)
    assert set(states(records).values()) == {DEAD}
    errors = {each.message.message_id: each.last_error for each in records.outbox.find(states=[DEAD])}
    assert errors["ms-3"] == "no address of HH-9 for email; add it to contacts.csv and send it again"
    assert errors["ms-4"] == "its time had passed before a channel took it"
    assert email.taken == []
    assert told(records).count("message_dead") == 4


def test_doubt_is_never_sent_again_by_itself(records: SqlRecords, clock: MovingClock) -> None:
    email = Told([Outcome.IN_DOUBT])
    post = post_of(records, {Channel.EMAIL: email}, clock)
    records.outbox.queue([message("1")], clock.now())
    for _ in range(3):
        send_due(post)
        clock.move(days=1)
    assert email.asked == ["ms-1"]
    assert states(records) == {"ms-1": IN_DOUBT}


def test_a_person_settles_a_doubt_with_a_reason(records: SqlRecords, clock: MovingClock) -> None:
    email = Told([Outcome.IN_DOUBT] * 3)
    post = post_of(records, {Channel.EMAIL: email}, clock)
    records.outbox.queue([message("sure"), message("again"), message("drop")], clock.now())
    send_due(post)
    for wrong in (
        ("ms-sure", "sent", " ", "sam", "operations"),
        ("ms-sure", "sent", "seen", "sam", "adviser"),
        ("ms-", "sent", "seen", "sam", "operations"),
        ("nothing", "sent", "seen", "sam", "operations"),
    ):
        with pytest.raises(UsageError):
            resolve(post, *wrong)
    assert resolve(post, "ms-s", "sent", "the server's log has its Message-ID", "sam", "operations") == (
        "ms-sure",
        SENT,
    )
    resolve(post, "ms-a", "again", "not in the server's log", "sam", "operations")
    resolve(post, "ms-d", "drop", "superseded meanwhile", "sam", "compliance")
    with pytest.raises(UsageError, match="is sent"):
        resolve(post, "ms-sure", "again", "x", "sam", "operations")
    assert send_due(post).by_state == {SENT: 1}
    assert states(records) == {"ms-sure": SENT, "ms-again": SENT, "ms-drop": DEAD}
    resolved = records.find_events(TrailQuery(kind=EventKind.MESSAGE_RESOLVED))
    assert (resolved[0]["actor"], resolved[0]["role"]) == ("sam", "operations")
    assert "the server's log has its Message-ID" in resolved[0]["payload"]


def test_a_sender_that_died_leaves_doubt_where_the_channel_cannot_look(records: SqlRecords, clock: MovingClock) -> None:
    records.outbox.queue([message("1"), message("2", Channel.WEALTHBOX), message("3")], clock.now())
    claimed = records.outbox.claim("dead", 0, 10, clock.now())
    assert len(claimed) == 3
    with writing(records._engine) as connection:  # the sender dies after it has begun two of three
        connection.execute(text("UPDATE outbox SET state = 'sending', attempt_count = 1 WHERE message_id <> 'ms-3'"))
    email, crm = Told(), Told(is_repeatable=True)
    sending = send_due(post_of(records, {Channel.EMAIL: email, Channel.WEALTHBOX: crm}, clock))
    assert sending.in_doubt == ["ms-1"]
    assert (email.asked, crm.asked) == (["ms-3"], ["ms-2"])
    assert states(records) == {"ms-1": IN_DOUBT, "ms-2": SENT, "ms-3": SENT}


def test_an_answer_that_comes_late_ends_the_doubt(records: SqlRecords, clock: MovingClock) -> None:
    records.outbox.queue([message("1")], clock.now())
    records.outbox.claim("slow", 60, 10, clock.now())
    assert records.outbox.begin("ms-1", "slow", 0, clock.now())
    assert records.outbox.settle_dead_senders([], clock.now()) == ["ms-1"]
    sent = Attempt(Outcome.SENT)
    assert records.outbox.finish("ms-1", "other", sent, Retries(), clock.now()) is None
    assert records.outbox.finish("ms-1", "slow", sent, Retries(), clock.now()) is SENT
    assert records.outbox.finish("ms-1", "slow", sent, Retries(), clock.now()) is None


def test_a_claim_keeps_others_away_until_it_runs_out(records: SqlRecords, clock: MovingClock) -> None:
    records.outbox.queue([message("1")], clock.now())
    assert len(records.outbox.claim("one", 60, 10, clock.now())) == 1
    assert records.outbox.claim("two", 60, 10, clock.now()) == []
    assert not records.outbox.begin("ms-1", "two", 60, clock.now())
    assert records.outbox.give_back("one", clock.now()) == 1
    assert len(records.outbox.claim("two", 60, 10, clock.now())) == 1
    assert not records.outbox.begin("ms-1", "one", 60, clock.now())


def test_pilot_accounts_are_recorded_and_nothing_is_sent(records: SqlRecords, clock: MovingClock) -> None:
    email = Told()
    records.outbox.queue([message("1", is_withheld=True)], clock.now())
    clock.move(days=9)
    assert send_due(post_of(records, {Channel.EMAIL: email}, clock)).by_state == {}
    assert states(records) == {"ms-1": DeliveryState.WITHHELD}
    assert told(records) == ["message_queued"]
    assert email.asked == []


def test_the_archive_gets_a_copy_of_what_clients_were_sent(records: SqlRecords, clock: MovingClock) -> None:
    email, journal = Told([Outcome.SENT, Outcome.IN_DOUBT, Outcome.SENT]), Told()
    post = post_of(records, {Channel.EMAIL: email, Channel.JOURNAL: journal}, clock)
    records.outbox.queue([message("1"), message("2"), message("3", kind="operations_digest")], clock.now())
    send_due(post)
    (copy,) = (each for each in records.outbox.find() if each.message.channel is Channel.JOURNAL)
    assert copy.state is SENT
    assert copy.message.payload["message_id"] == "ms-1"
    resolve(post, "ms-2", "sent", "it is in the log", "sam", "operations")
    send_due(post)
    assert len(journal.taken) == 2, "what turns out to have been sent is copied too"


def test_an_announcement_becomes_addressed_messages_or_is_dead(records: SqlRecords, clock: MovingClock) -> None:
    def compose(stored: StoredMessage) -> list[Message]:
        if "bad" in stored.message.message_id:
            raise UsageError("message client_proposal: adviser_name is missing; nothing was queued")
        return [message(f"of-{n}-{stored.message.message_id}") for n in range(2)]

    email = Told()
    waiting = post_of(records, {Channel.EMAIL: email}, clock)
    records.outbox.queue([message("good", None), message("bad", None)], clock.now())
    assert send_due(waiting).by_state == {}, "nobody can compose yet: they wait"
    post = post_of(records, {Channel.EMAIL: email}, clock, compose=compose)
    assert send_due(post).by_state == {SENT: 2, DEAD: 1}
    assert states(records)["ms-good"] is DeliveryState.COMPOSED
    assert send_due(post).by_state == {}
    assert len(email.taken) == 2


def test_messages_of_a_run_are_in_its_transaction(records: SqlRecords, clock: MovingClock) -> None:
    def fail() -> None:
        with records.begin() as work:
            work.commit_run(run("r1"), alerts(), [message("1")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert records.outbox.find() == []
    with records.begin() as work:
        work.commit_run(run("r1"), alerts(), [message("1")])
    assert only(records).message.run_id == "r1"
    assert records.outbox.counts() == {("email", "pending"): 1}


def test_what_an_older_evenkeel_queued_is_kept(records_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command
    from alembic.config import Config

    from evenkeel.adapters.stores import database

    engine = open_engine(records_url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(
            text(
                "INSERT INTO runs VALUES ('r1', '2026-03-06', 'daily', 'done', 'b', 'p', 'c', "
                "'2026-03-06 12:00:00', '2026-03-06 12:00:00', '{}')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO outbox VALUES ('m1', 'r1', 'digest', '{}', 'pending', '2026-03-06 12:00:00', '2026-03-06 12:00:00')"
            )
        )
    upgrade(engine)
    with writing(engine) as connection:
        found = connection.execute(text("SELECT message_id, run_id, channel, attempt_count FROM outbox")).all()
    engine.dispose()
    assert [tuple(row) for row in found] == [("m1", "r1", None, 0)]


def send_in_a_process(url: str, port: int, claim_seconds: int) -> None:
    records = SqlRecords(url)
    channel = SmtpNotifier(SmtpServer("127.0.0.1", port, "none"), "desk@harbour.example", timeout_seconds=10)
    send_due(post_of(records, {Channel.EMAIL: channel}, claim_seconds=claim_seconds), batch=7)


def test_two_senders_at_once_send_nothing_twice(records: SqlRecords, records_url: str, clock: MovingClock) -> None:
    count = 60
    records.outbox.queue([message(f"{n:03d}", recipient_ref=f"HH-{n:03d}") for n in range(count)], clock.now())
    context = processes()
    with mail_server() as (behaviour, port):
        senders = [context.Process(target=send_in_a_process, args=(records_url, port, 600)) for _ in range(3)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
    assert [sender.exitcode for sender in senders] == [0, 0, 0]
    assert sorted(recipient for recipient, _ in behaviour.taken) == [f"hh-{n:03d}@client.example" for n in range(count)]
    assert set(states(records).values()) == {SENT}


@pytest.mark.kill
@pytest.mark.parametrize("round_", range(3))
def test_a_sender_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    records: SqlRecords, records_url: str, clock: MovingClock, round_: int
) -> None:
    count, claim_seconds = 40, 1
    records.outbox.queue([message(f"{n:03d}", recipient_ref=f"HH-{n:03d}") for n in range(count)], clock.now())
    context = processes()
    with mail_server() as (behaviour, port):
        for kill in range(3):
            sender = context.Process(target=send_in_a_process, args=(records_url, port, claim_seconds))
            sender.start()
            before, until = len(behaviour.taken), time.monotonic() + 20
            while len(behaviour.taken) < before + 2 and time.monotonic() < until and sender.is_alive():
                time.sleep(0.001)
            time.sleep(0.0037 * (round_ + kill))
            if sender.pid is not None and sender.is_alive():
                os.kill(sender.pid, signal.SIGKILL)
            sender.join()
        time.sleep(claim_seconds + 0.1)
        send_in_a_process(records_url, port, claim_seconds)
    taken = [recipient for recipient, _ in behaviour.taken]
    found = states(records)
    doubtful = {f"hh-{key.removeprefix('ms-')}@client.example" for key, state in found.items() if state is IN_DOUBT}
    assert len(taken) == len(set(taken)), "nothing twice"
    assert set(found.values()) <= {SENT, IN_DOUBT}
    assert len(doubtful) <= 3, "one at most for each sender that died"
    everybody = {f"hh-{n:03d}@client.example" for n in range(count)}
    assert everybody - set(taken) <= doubtful, "what did not arrive is shown as in doubt"


@pytest.mark.parametrize("seed", range(3))
def test_a_server_in_a_bad_mood_gets_each_message_once(records: SqlRecords, clock: MovingClock, seed: int) -> None:
    import random

    moods = [
        "accept",
        "rcpt 450 4.2.0 x",
        "data 451 4.3.0 x",
        "drop before data",
        "drop after data",
        "rcpt 421 4.3.2 x",
    ]
    draw, count = random.Random(seed), 25
    records.outbox.queue([message(f"{n:03d}", recipient_ref=f"HH-{n:03d}") for n in range(count)], clock.now())
    with mail_server() as (behaviour, port):
        behaviour.script = [draw.choice(moods) for _ in range(60)]
        channel = SmtpNotifier(SmtpServer("127.0.0.1", port, "none"), "desk@harbour.example", timeout_seconds=5)
        post = post_of(records, {Channel.EMAIL: channel}, clock, retries=Retries(60, 3600, 50))
        for _ in range(90):
            send_due(post)
            clock.move(hours=1)
            if not {DeliveryState.PENDING, DELAYED} & set(states(records).values()):
                break
    taken = [recipient for recipient, _ in behaviour.taken]
    assert len(taken) == len(set(taken)) == count
    assert set(states(records).values()) == {SENT, IN_DOUBT}


def test_an_unexpected_failure_of_ours_leaves_a_doubt_not_a_double(records: SqlRecords, clock: MovingClock) -> None:
    class Broken:
        is_repeatable = False

        def deliver(self, delivery: Delivery) -> Any:
            raise ZeroDivisionError

    records.outbox.queue([message("1"), message("2")], clock.now())
    post = post_of(records, {Channel.EMAIL: Broken()}, clock, claim_seconds=1)
    with pytest.raises(ZeroDivisionError):
        send_due(post)
    time.sleep(1.1)
    email = Told()
    assert send_due(post_of(records, {Channel.EMAIL: email}, clock)).in_doubt == ["ms-1"]
    assert email.asked == ["ms-2"]


def test_a_message_on_which_a_repeatable_channel_fails_keeps_no_other_back(
    records: SqlRecords, clock: MovingClock
) -> None:
    class Odd:
        is_repeatable = True

        def __init__(self) -> None:
            self.taken: list[str] = []

        def deliver(self, delivery: Delivery) -> Attempt:
            if delivery.message_id == "ms-1":
                raise KeyError("kevin@client.example")
            self.taken.append(delivery.message_id)
            return Attempt(Outcome.SENT)

    records.outbox.queue([message("1"), message("2")], clock.now())
    odd = Odd()
    send_due(post_of(records, {Channel.EMAIL: odd}, clock))
    assert odd.taken == ["ms-2"]
    assert states(records) == {"ms-1": DELAYED, "ms-2": SENT}
    (waiting,) = (each for each in records.outbox.find() if each.message.message_id == "ms-1")
    assert "KeyError" in str(waiting.last_error)
    assert "kevin" not in str(waiting.last_error)
