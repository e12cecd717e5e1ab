"""Every command of `evenkeel desk`, its words and their defaults."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from evenkeel.cli.options import Home, Kind

Named = Annotated[str, Parameter(name="ID", help="A proposal or an alert, by its id or a beginning of it.")]
Account = Annotated[str, Parameter(name="ACCOUNT", help="The account's id in the book.")]
Why = Annotated[str, Parameter(help="Why, in words; it is kept.")]
Who = Annotated[str, Parameter(help="Who acts: an adviser's id, a client's code.")]
Viewer = Annotated[str | None, Parameter(help="Show only what this person may see.")]
Role = Annotated[str, Parameter(help="In what role.")]
Seen = Annotated[
    int | None, Parameter(help="Version that was looked at: where somebody was faster, the answer is refused.")
]
State = Literal[
    "drafted",
    "checked",
    "with_adviser",
    "with_client",
    "escalated",
    "approved",
    "staged",
    "sent",
    "filled",
    "reconciled",
    "declined",
    "deferred",
    "expired",
    "superseded",
]
"""`vocab.ProposalState`, written out: `--help` imports nothing."""
Hold = Literal["transition", "pending_deposit", "pending_withdrawal", "compliance_hold", "client_request"]
"""`vocab.SuspensionKind`."""
Scope = Literal["book", "custodian", "security"]
Format = Annotated[Literal["table", "json"], Parameter(help="How to print.")]


def desk_app() -> App:
    """Return `evenkeel desk` with all its commands."""
    desk = App(name="desk", help="What a person says to an alert, a proposal or a stop, and what they put on hold.")
    for command in (
        cases,
        show,
        approve,
        consent,
        modify,
        decline,
        defer,
        snooze,
        escalate,
        batch,
        suspend,
        unsuspend,
        pause,
        resume,
        pilot,
        release,
    ):
        desk.command(command)
    desk.command(override_wash, name="override-wash")
    return desk


def cases(
    *,
    state: Annotated[tuple[State, ...], Parameter(help="Only in this state; repeatable.", negative=())] = (),
    adviser: Annotated[str | None, Parameter(help="Only this adviser's.")] = None,
    actor: Viewer = None,
    role: Role = "adviser",
    format: Format = "table",
    home: Home = None,
) -> int:
    """List proposals on their way: where each is, whom it waits for, until when. Those that are over by `--state` only."""
    from evenkeel.cli import consenting

    return consenting.cases(home, state, adviser, actor, role, format)


def show(
    named: Named, /, *, actor: Viewer = None, role: Role = "adviser", format: Format = "table", home: Home = None
) -> int:
    """Show one proposal whole: trades, consents, every step, and whether an approval is still good."""
    from evenkeel.cli import consenting

    return consenting.show(home, named, actor, role, format)


def approve(
    named: Named,
    /,
    *,
    actor: Who,
    role: Role = "adviser",
    reason: Why = "",
    document: Annotated[
        tuple[str, ...], Parameter(help="A document that a committee's member has; repeatable.", negative=())
    ] = (),
    seen: Seen = None,
    home: Home = None,
) -> int:
    """Say yes to a whole proposal, as adviser, senior adviser, member of a committee, or compliance where it was asked."""
    from evenkeel.cli import consenting

    return consenting.decide(home, "approve", [named], actor, role, reason, seen=seen, documents=document)


def consent(
    named: Annotated[
        str,
        Parameter(name="ID", help="A proposal or an alert, by its id or a beginning of it; with --token it is known."),
    ] = "",
    /,
    *,
    token: Annotated[
        str | None,
        Parameter(
            help="A link's token (what follows `?t=`): shows what it is about, and the code that --confirm wants."
        ),
    ] = None,
    confirm: Annotated[str | None, Parameter(help="The code that was shown; with it the answer counts.")] = None,
    answer: Annotated[Literal["yes", "no"], Parameter(help="With --confirm: yes or no to the whole.")] = "yes",
    actor: Annotated[str, Parameter(help="Who acts: a client's code. With --token: whoever the link is for.")] = "",
    signature: Annotated[str, Parameter(help="The client's name, as they write it.")] = "",
    document: Annotated[
        tuple[str, ...], Parameter(help="A document that a committee's member has; repeatable.", negative=())
    ] = (),
    reason: Why = "",
    seen: Seen = None,
    home: Home = None,
) -> int:
    """Record a client's yes to a whole proposal, with their signature. A no is `desk decline --role client`.

    With --token as whoever the link in a message is for: once to look, and once more with --confirm to answer.
    """
    from evenkeel.cli import consenting, linking

    if token is not None:
        return linking.answer(home, token, actor or None, confirm, answer, signature, reason, document)
    return consenting.decide(
        home, "approve", [named], actor, "client", reason, seen=seen, signature=signature, documents=document
    )


def modify(
    named: Named,
    /,
    *,
    actor: Who,
    reason: Why,
    qty: Annotated[
        tuple[str, ...], Parameter(help="Trade number and its lower quantity: 3=120. Repeatable.", negative=())
    ] = (),
    drop: Annotated[tuple[int, ...], Parameter(help="Number of a trade to leave out; repeatable.", negative=())] = (),
    role: Role = "adviser",
    seen: Seen = None,
    home: Home = None,
) -> int:
    """Make a list smaller and approve it: another proposal, checked again, that takes the place of the first."""
    from evenkeel.cli import consenting

    return consenting.modify(home, named, qty, drop, actor, role, reason, seen)


def decline(
    named: Named, /, *, reason: Why, actor: Who, role: Role = "adviser", seen: Seen = None, home: Home = None
) -> int:
    """Say no to a whole proposal, or to an alert without one: quiet for the policy's cooldown, unless it grows past the policy's step."""
    return _answer("decline", home, named, actor, role, reason, seen, None)


def defer(
    named: Named,
    /,
    *,
    reason: Why,
    actor: Who,
    until: Annotated[dt.date | None, Parameter(help="Last quiet date; the policy's cooldown by default.")] = None,
    role: Role = "adviser",
    seen: Seen = None,
    home: Home = None,
) -> int:
    """Put a proposal, or an alert without one, off."""
    return _answer("defer", home, named, actor, role, reason, seen, until)


def snooze(
    named: Named,
    /,
    *,
    until: Annotated[dt.date, Parameter(help="Last quiet date.")],
    reason: Why,
    actor: Who,
    role: Role = "adviser",
    seen: Seen = None,
    home: Home = None,
) -> int:
    """Keep an alert quiet until a date, unless it grows past the policy's step; its proposal is put off."""
    return _answer("snooze", home, named, actor, role, reason, seen, until)


def escalate(
    named: Named, /, *, reason: Why, actor: Who, role: Role = "adviser", seen: Seen = None, home: Home = None
) -> int:
    """Ask compliance before anybody else says yes."""
    from evenkeel.cli import consenting

    return consenting.decide(home, "escalate", [named], actor, role, reason, seen=seen)


def override_wash(
    named: Named, /, *, reason: Why, actor: Who, role: Role = "senior_adviser", seen: Seen = None, home: Home = None
) -> int:
    """Let a proposal that is held back for a wash sale alone go on, with a written reason."""
    from evenkeel.cli import consenting

    return consenting.decide(home, "override-wash", [named], actor, role, reason, seen=seen)


def batch(
    verb: Annotated[
        Literal["approve", "decline", "defer", "snooze", "escalate"], Parameter(name="VERB", help="What to do.")
    ],
    named: Annotated[
        tuple[str, ...], Parameter(name="ID", help="Proposals or alerts; or say which by what they have in common.")
    ] = (),
    /,
    *,
    actor: Who,
    role: Role = "adviser",
    reason: Why = "",
    until: Annotated[dt.date | None, Parameter(help="For defer and snooze: last quiet date.")] = None,
    event: Annotated[
        str | None, Parameter(help="All of a market event: the portfolios that it pushed out of their bands.")
    ] = None,
    adviser: Annotated[str | None, Parameter(help="All whose households are on this adviser's desk today.")] = None,
    model: Annotated[str | None, Parameter(help="All that were made for this model.")] = None,
    kind: Annotated[tuple[Kind, ...], Parameter(help="All of this kind; repeatable.", negative=())] = (),
    state: Annotated[tuple[State, ...], Parameter(help="Of these only those in this state.", negative=())] = (),
    confirm: Annotated[
        str | None, Parameter(help="The code that the look showed; without it nothing is done but looking.")
    ] = None,
    home: Home = None,
) -> int:
    """Do one thing to many proposals; what is refused for one does not hold up the others. Code 3 where one was refused.

    By ids at once. By --event, --adviser, --model or --kind in two steps: once to look, and once more with --confirm.
    """
    from evenkeel.cli import batching, consenting

    if named or not (event or adviser or model or kind or state or confirm):
        batching.require_ids_alone(named, event, adviser, model, kind, state, confirm)
        return consenting.decide(home, verb, named, actor, role, reason, until=until)
    return batching.batch(home, verb, (event, adviser, model), kind, state, confirm, actor, role, reason, until)


def suspend(
    account: Account,
    /,
    *,
    reason: Why,
    actor: Who,
    kind: Annotated[Hold, Parameter(help="Why, as a code.")] = "client_request",
    review: Annotated[dt.date | None, Parameter(help="Day on which it is looked at again; it only reminds.")] = None,
    role: Role = "adviser",
    home: Home = None,
) -> int:
    """Set an account aside: nothing is staged, what was approved is stale, runs leave it out. Holds until `unsuspend`."""
    from evenkeel.cli import consenting

    return consenting.hold(home, "suspend", "account", account, actor, role, reason, kind=kind, review=review)


def unsuspend(account: Account, /, *, reason: Why, actor: Who, role: Role = "adviser", home: Home = None) -> int:
    """Release an account that was set aside by `suspend`; the next run measures it again."""
    from evenkeel.cli import consenting

    return consenting.hold(home, "unsuspend", "account", account, actor, role, reason)


def pause(
    scope: Annotated[Scope, Parameter(name="SCOPE", help="What is paused.")],
    subject: Annotated[str, Parameter(name="NAME", help="Which custodian or security; none for the book.")] = "",
    /,
    *,
    reason: Why,
    actor: Who,
    role: Role = "senior_adviser",
    home: Home = None,
) -> int:
    """Pause execution: approved proposals that touch it wait whole. Holds until `resume`."""
    from evenkeel.cli import consenting

    return consenting.hold(home, "pause", scope, subject, actor, role, reason)


def resume(
    scope: Annotated[Scope, Parameter(name="SCOPE", help="What goes on.")],
    subject: Annotated[str, Parameter(name="NAME", help="Which custodian or security; none for the book.")] = "",
    /,
    *,
    reason: Why,
    actor: Who,
    role: Role = "senior_adviser",
    home: Home = None,
) -> int:
    """Let execution go on."""
    from evenkeel.cli import consenting

    return consenting.hold(home, "resume", scope, subject, actor, role, reason)


def pilot(
    account: Account,
    mode: Annotated[Literal["on", "off"], Parameter(name="MODE", help="On: nothing is sent.")],
    /,
    *,
    reason: Why,
    actor: Who,
    role: Role = "operations",
    home: Home = None,
) -> int:
    """Compute and record everything of an account and send nothing, or send again."""
    from evenkeel.cli import consenting

    return consenting.hold(home, f"pilot {mode}", "account", account, actor, role, reason)


def release(
    exception_id: Annotated[str, Parameter(name="EXCEPTION", help="The stop's id, or its beginning.")],
    /,
    *,
    reason: Why,
    actor: Who,
    role: Role = "operations",
    until: Annotated[
        dt.date | None, Parameter(help="Last session on which it is lifted; the run's own by default.")
    ] = None,
    home: Home = None,
) -> int:
    """Lift a stop of the last run; `evenkeel quarantine` lists them. It takes effect when the date is run again."""
    from evenkeel.cli import releasing

    return releasing.release(home, exception_id, until, reason, actor, role)


def _answer(
    verb: str,
    home: Path | None,
    named: str,
    actor: str,
    role: str,
    reason: str,
    seen: int | None,
    until: dt.date | None,
) -> int:
    """Answer the proposal on its way; where an alert has none, the alert itself."""
    from evenkeel.cli import consenting, deciding

    if consenting.has_case(home, named):
        return consenting.decide(home, verb, [named], actor, role, reason, seen=seen, until=until)
    return deciding.decide(home, verb, named, until, reason, actor, role)
