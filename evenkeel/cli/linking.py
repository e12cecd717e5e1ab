"""`evenkeel desk consent --token`: the client's side by the command line, as the page behind a link will have it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console

from evenkeel.errors import EXIT_DONE, UsageError

console = Console(soft_wrap=True, highlight=False)


def answer(
    home: Path | None,
    token: str,
    actor: str | None,
    confirm: str | None,
    says: Literal["yes", "no"],
    signature: str,
    reason: str,
    documents: Sequence[str],
) -> int:
    """Show what a link is about, with the code of its confirmation; with the code, take the answer."""
    from evenkeel.desk.consent import by_link
    from evenkeel.desk.consent.showing import print_offer
    from evenkeel.desk.words import eastern
    from evenkeel.wiring import open_house, read_settings
    from evenkeel.wiring_messages import link_signer

    settings = read_settings(home)
    house, signer = open_house(settings), link_signer(settings)
    looked = by_link.look(house, signer, token, actor)
    if confirm is None:
        print_offer(looked.case, console)
        until = f" until {eastern(looked.consent.due_at)}" if looked.consent.due_at else ""
        console.print(
            f"Nothing has happened by looking. You may answer{until}, to the whole of it, with --confirm {looked.confirmation}",
            markup=False,
        )
        return EXIT_DONE
    if says == "yes" and by_link.is_clients(looked) and not signature.strip():
        raise UsageError("a yes needs --signature: your name, as you write it")
    after = by_link.answer(
        house,
        signer,
        token,
        confirm,
        says,
        actor=actor,
        signature=signature or None,
        reason=reason,
        documents=documents,
    )
    console.print(f"Your {says} to {after.proposal_id} is recorded, version {after.version}.", markup=False)
    return EXIT_DONE
