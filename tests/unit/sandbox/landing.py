"""A sandbox's session as the ingest stage lands it."""

import datetime as dt

from evenkeel.book.model import Book
from evenkeel.sandbox.plan import eastern
from evenkeel.stages.ingest.dating import date_file
from evenkeel.stages.ingest.land import Landed, land
from evenkeel.stages.ingest.read_file import ReadFile
from tests.unit.sandbox.conftest import Made
from tests.unit.sandbox.test_book import KEYER


def land_day(made: Made, date: dt.date, book: Book, until: dt.datetime | None = None) -> Landed:
    """Land what has come for a session by `until`, all of it by default."""
    until = until or eastern(date, 23, days_later=6)
    files: dict[tuple[str, str], ReadFile] = {}
    for delivery in made.plan.of_date(date):
        if delivery.arrives_at > until or delivery.name.endswith(".part"):
            continue
        parsed = made.read(delivery)
        dated = date_file(parsed, date + dt.timedelta(days=1), "stop")
        text = (made.home / "sandbox" / delivery.path).read_bytes().hex()
        read = ReadFile(
            delivery.feed, delivery.path, delivery.name, delivery.byte_count, delivery.arrives_at, parsed, dated
        )
        files.setdefault((delivery.feed, text), read)
    return land(date, list(files.values()), book, KEYER)
