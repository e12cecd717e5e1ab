"""Commands about messages: channels, what became of each, preview, sending, settling."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from data_contracts.vocab import Channel, DeliveryState, MessageKind
from evenkeel.cli import EXIT_FAILED
from evenkeel.desk.sending import NOBODY_WRITES, How, one_message, send_due, try_channel
from evenkeel.desk.sending import resolve as settle
from evenkeel.desk.sent_report import STUCK, WAITING, sent_lines, waiting_line
from evenkeel.desk.words import counted, eastern, utc_text
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, UsageError
from evenkeel.messages.scenarios import SAMPLE_FIRM, scenarios
from evenkeel.messages.templates import Templates
from evenkeel.ports import Outcome, StoredMessage
from evenkeel.settings import Settings
from evenkeel.wiring import read_settings
from evenkeel.wiring_messages import open_post, own_templates

console = Console(soft_wrap=True, highlight=False)
_SET_BY: dict[Channel, str] = {
    Channel.EMAIL: "EVENKEEL_SMTP_URL, EVENKEEL_MAIL_FROM",
    Channel.WEBHOOK: "EVENKEEL_WEBHOOK_URL",
    Channel.CHAT: "EVENKEEL_CHAT_URL",
    Channel.SMS: "EVENKEEL_SMS_URL",
    Channel.REDTAIL: "EVENKEEL_REDTAIL_API_KEY, _USER, _PASSWORD",
    Channel.WEALTHBOX: "EVENKEEL_WEALTHBOX_TOKEN",
    Channel.JOURNAL: "EVENKEEL_JOURNAL_ADDRESS",
    Channel.FILE: "always there: outgoing/ in the home",
}


def list_channels(home: Path | None) -> int:
    """Print every channel."""
    post = open_post(read_settings(home))
    counts = post.outbox.counts()
    table = Table("channel", "", "sent", "waiting", "dead", "in doubt", box=None, header_style="bold")
    table.add_column("set by", overflow="fold")
    for channel in Channel:
        of = {state: counts.get((channel.value, state.value), 0) for state in DeliveryState}
        table.add_row(
            channel.value,
            "set up" if channel in post.channels else "not set up",
            f"{of[DeliveryState.SENT]:,}",
            f"{sum(of[each] for each in WAITING):,}",
            f"{of[DeliveryState.DEAD]:,}",
            f"{of[DeliveryState.IN_DOUBT]:,}",
            _SET_BY[channel],
        )
    console.print(table)
    if post.compose is None and (line := waiting_line(counts, NOBODY_WRITES)):
        console.print(line)
    return EXIT_DONE


def test_channel(home: Path | None, channel: str, to: str) -> int:
    """Send a test, and say what came of it."""
    attempt = try_channel(open_post(read_settings(home)), Channel(channel), to, "the command line")
    if attempt.outcome is Outcome.SENT:
        console.print(
            f"The channel {channel} works: it took the test. {json.dumps(dict(attempt.evidence))}", markup=False
        )
        return EXIT_DONE
    console.print(f"The channel {channel} did not take the test ({attempt.outcome}): {attempt.error}.", markup=False)
    return EXIT_FAILED


def list_messages(home: Path | None, state: Sequence[str], limit: int, form: str) -> int:
    """Print messages, newest first."""
    post = open_post(read_settings(home))
    found = post.outbox.find(states=[DeliveryState(each) for each in state], limit=limit)
    if form == "json":
        sys.stdout.write(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=2) + "\n")
        return EXIT_DONE
    table = Table(
        "message", "kind", "channel", "to", "state", "tries", "queued", "what went wrong", box=None, header_style="bold"
    )
    for each in found:
        message = each.message
        table.add_row(
            message.message_id,
            message.kind,
            message.channel or "",
            message.recipient_ref,
            each.state.replace("_", " "),
            str(each.attempt_count),
            eastern(each.added_at),
            each.last_error or "",
        )
    console.print(table)
    if len(found) == limit:
        console.print(f"The newest {limit:,}; --limit shows more.")
    return EXIT_DONE


def show(home: Path | None, message_id: str) -> int:
    """Print what a message says, or would say; nothing is queued."""
    post = open_post(read_settings(home))
    stored = one_message(post, message_id)
    message = stored.message
    if message.channel is None and post.compose is None:
        raise UsageError(
            f"{message.message_id} is an announcement, of which no message can be made yet: {NOBODY_WRITES}"
        )
    made = [message] if message.channel is not None or post.compose is None else post.compose(stored)
    words = dict.fromkeys((each.recipient_ref, _words(each.payload)) for each in made)
    state = stored.state.replace("_", " ")
    console.print(f"{message.message_id}: {message.kind}, {state}, {eastern(stored.added_at)}", markup=False)
    for recipient, text in words:
        console.print(f"To: {recipient}", markup=False)
        sys.stdout.write(text + "\n")
    return EXIT_DONE


def preview(home: Path | None, kind: str | None, scenario: str, form: str, out: Path | None) -> int:
    """Show one message, or try all of them."""
    templates, samples = _templates(read_settings(home)), scenarios()
    if kind is not None:
        named = samples[MessageKind(kind)]
        if scenario not in named:
            raise UsageError(f"--scenario {scenario!r}: {kind} has {', '.join(named)}")
        rendered = templates.render(MessageKind(kind), named[scenario])
        words = rendered.html if form == "html" else f"Subject: {rendered.subject}\n\n{rendered.text}"
        sys.stdout.write(words if words.endswith("\n") else words + "\n")
        return EXIT_DONE
    problems = templates.problems(samples)
    if problems:
        raise UsageError(
            f"{counted(len(problems), 'problem')} in the templates:\n" + "\n".join(f"  {each}" for each in problems)
        )
    count = sum(len(named) for named in samples.values())
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for each, named in samples.items():
            for name, fields in named.items():
                rendered = templates.render(each, fields)
                (out / f"{each.value}-{name}.html").write_text(rendered.html, encoding="utf-8")
                (out / f"{each.value}-{name}.txt").write_text(
                    f"{rendered.subject}\n\n{rendered.text}", encoding="utf-8"
                )
    where = f", written to {out}" if out is not None else ""
    console.print(
        f"{counted(len(samples), 'kind')} of message, {count} under their scenarios: every template is whole{where}."
    )
    return EXIT_DONE


def send(home: Path | None) -> int:
    """Send what is due, and say what became of it."""
    post = open_post(read_settings(home))
    sending = send_due(post)
    for line in sent_lines(sending, post.outbox.counts()):
        console.print(line, markup=False)
    needs_somebody = sending.down or sending.in_doubt or any(sending.by_state.get(state) for state in STUCK)
    return EXIT_STOPPED if needs_somebody else EXIT_DONE


def resolve(home: Path | None, message_id: str, how: How, reason: str, actor: str, role: str) -> int:
    """Settle a message as a person says."""
    post = open_post(read_settings(home))
    known = one_message(post, message_id)
    identity, state = settle(post, message_id, how, reason, actor, role)
    console.print(f"{identity}: was {known.state.replace('_', ' ')}, is {state}; recorded.", markup=False)
    return EXIT_DONE


def _templates(settings: Settings) -> Templates:
    """Return the home's templates; a firm that has not said its name yet sees a sample's."""
    return own_templates(settings, SAMPLE_FIRM)


def _words(payload: Mapping[str, Any]) -> str:
    """Return subject and text without the link, by which its bearer decides."""
    said = payload.get("payload", payload)  # the archive's copy has the message inside it
    text = f"Subject: {said.get('subject', '')}\n\n{said.get('text', '')}"
    return text.replace(said["link"], "[a link for the recipient alone]") if said.get("link") else text


def _as_json(stored: StoredMessage) -> dict[str, Any]:
    message = stored.message
    return {
        "message_id": message.message_id,
        "kind": message.kind,
        "channel": message.channel,
        "recipient_ref": message.recipient_ref,
        "subject_id": message.subject_id,
        "state": stored.state,
        "attempt_count": stored.attempt_count,
        "next_try_at": utc_text(stored.next_try_at),
        "last_error": stored.last_error,
        "evidence": stored.evidence,
        "added_at": utc_text(stored.added_at),
        "sent_at": utc_text(stored.sent_at),
        "run_id": message.run_id,
    }
