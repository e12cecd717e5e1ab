"""Commands about the home itself: make one, check its book."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from rich.console import Console

from evenkeel.errors import EXIT_DONE

console = Console(soft_wrap=True, highlight=False)


def init(home: Path | None) -> int:
    """Make a home from the starter book."""
    from evenkeel.book.template import template_files
    from evenkeel.wiring import account_key, open_house, read_settings
    from evenkeel.wiring_orders import ORDERS, begin_order_desk

    settings = read_settings(home)
    book = settings.home / "book"
    has_book = book.exists() and any(book.iterdir())
    for name, content in ({} if has_book else template_files()).items():
        target = book / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    account_key(settings, may_make=True)
    begin_order_desk(settings.home / ORDERS)
    house = open_house(settings)
    if has_book:
        # A starter file beside a book of one's own would say things twice.
        console.print(f"Home {settings.home} has a book already; it was left as it is. `evenkeel book check` reads it.")
        return EXIT_DONE
    for feed in house.book(house.last_closed_session()).feeds:
        if not feed.location.startswith("s3://"):
            (settings.home / feed.location).mkdir(parents=True, exist_ok=True)
    console.print(f"Home {settings.home}: a starter book of {len(template_files())} files.")
    console.print(f"Next: fill in {book} (docs/book.md), then `evenkeel book check`, put the custodians' files into")
    console.print(f"{settings.home / 'inbox'} as feeds.yaml says, and `evenkeel run`. Back up keys/account.key.")
    return EXIT_DONE


def book_check(home: Path | None, date: dt.date | None) -> int:
    """Read the whole book; a BookError lists every problem."""
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    book = house.book(date or house.last_closed_session())
    console.print(
        f"The book is valid on {book.on}: {book.households.height} households, {book.accounts.height} accounts, "
        f"{book.portfolios.height} portfolios, {book.model_targets['model_id'].n_unique()} models, {len(book.feeds)} feeds, "
        f"{len(book.policies.all)} policy versions."
    )
    return EXIT_DONE
