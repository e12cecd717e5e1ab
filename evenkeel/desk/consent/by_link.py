"""Answer a proposal by the signed link of a message: once to look, once more to confirm; who holds the link is who it was made for.

A link is good for one version of the list, from the step that asked until its end, and for one answer. Steps after it that change
nothing of what was asked leave it good: a reminder, an escalation, another owner's yes. Whatever is wrong with it is said without a
word about the client, the proposal, or who else has acted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from data_contracts.vocab import ConsentState, ProposalState, Role, Step
from evenkeel.desk.consent import deciding
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.consent.viewing import record_view
from evenkeel.errors import ActedBefore
from evenkeel.messages.links import LinkPurpose, LinkRefused, Refusal, Signer
from evenkeel.ports.approvals import Case, Consent, Entry, in_turn
from evenkeel.run.house import House

Answer = Literal["yes", "no"]
_LEAVES_GOOD = (Step.REMIND, Step.ESCALATE, Step.APPROVE, Step.FOLLOW_UP, Step.HAND_OVER)
"""Steps after which whoever was asked before is still asked the same."""


@dataclass(frozen=True)
class Looked:
    """What the bearer of a link may see.

    Attributes:
        case: The proposal, as it is now.
        consent: What is asked of the bearer.
        confirmation: What answers must bring: good for this link, for some minutes.
    """

    case: Case
    consent: Consent
    confirmation: str


def look(house: House, signer: Signer, token: str, actor: str | None = None) -> Looked:
    """Return what a link is about; this changes nothing, because mail scanners open links. That it was opened is on record.

    Args:
        house: The home.
        signer: Knows the key of the links.
        token: What the link carries.
        actor: Who says they are; None: whoever the link is for.

    Raises:
        LinkRefused: It is unreadable, tampered with, expired, another person's, or of a version that counts no more.
    """
    case, consent, _ = _required(house, signer, token, actor)
    record_view(house, case, consent.person_id or "", consent.role, is_by_link=True)
    return Looked(case, consent, signer.confirmation(token, house.clock.now()))


def answer(
    house: House,
    signer: Signer,
    token: str,
    confirmation: str,
    says: Answer,
    *,
    actor: str | None = None,
    signature: str | None = None,
    reason: str = "",
    documents: Collection[str] = (),
) -> Case:
    """Give a yes or a no to the whole, confirmed; return the case after it.

    Raises:
        LinkRefused: As `look`, or the confirmation is not this link's, or too old.
        UsageError: A yes without a signature, a no without a reason, a committee's member without the documents.
    """
    case, consent, version = _required(house, signer, token, actor)
    signer.check_confirmation(token, confirmation, house.clock.now())
    said = reason if reason.strip() or says == "yes" else "declined by the link, no reason given"

    def give(seen: int) -> Case:
        asking = Asking(consent.person_id or "", consent.role, said, seen, version)
        if says == "no":
            return deciding.decline(house, case.proposal_id, asking)
        return deciding.approve(house, case.proposal_id, asking, signature=signature, documents=documents)

    try:
        return give(case.version)
    except ActedBefore:
        # Who acted at the same moment, and how, is not the bearer's to know: whether the link is still good is.
        again = _required(house, signer, token, actor)[0]
    try:
        return give(again.version)
    except ActedBefore as error:
        raise LinkRefused(Refusal.OTHER_VERSION) from error


def _required(house: House, signer: Signer, token: str, actor: str | None) -> tuple[Case, Consent, int]:
    """Return the case, the consent that the bearer is asked for, and the version that the link states."""
    now = house.clock.now()
    claim = signer.read(token, now)
    case = house.approvals.case(claim.subject_id)
    if case is None:
        raise LinkRefused(Refusal.OTHER_SUBJECT)
    owned = [one for one in case.consents if one.person_id and signer.tag(one.person_id) == claim.actor_tag]
    if not owned or (actor is not None and signer.tag(actor) != claim.actor_tag):
        raise LinkRefused(Refusal.OTHER_ACTOR)
    consent = next((one for one in in_turn(owned) if one in in_turn(case.consents)), None)
    is_open = consent is not None and consent.started_at is not None and consent.state is ConsentState.PENDING
    good = claim.version if is_open and _is_unchanged(house, case, claim.version) else None
    person = owned[0].person_id or ""
    version = case.version if good is None else good
    signer.require(token, now, purpose=LinkPurpose.DECIDE, subject_id=case.proposal_id, version=version, actor=person)
    if good is None or consent is None:
        raise LinkRefused(Refusal.OTHER_VERSION)
    return case, consent, good


def _is_unchanged(house: House, case: Case, version: int) -> bool:
    """Tell whether what was asked at a version is still asked: a step since then has neither ended nor restarted it."""
    if not 1 <= version <= case.version:
        return False
    since = [entry for entry in house.approvals.entries(case.proposal_id) if entry.version > version]
    return all(entry.step in _LEAVES_GOOD and not _begins_asking_the_client(entry) for entry in since)


def _begins_asking_the_client(entry: Entry) -> bool:
    return (entry.from_state, entry.to_state) == (ProposalState.WITH_ADVISER, ProposalState.WITH_CLIENT)


def is_clients(looked: Looked) -> bool:
    """Tell whether a yes needs a signature: the client's own."""
    return looked.consent.role is Role.CLIENT
