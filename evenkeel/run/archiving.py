"""Put the trail into its archive, piece by piece. An archive that is away fails no run: what is left is said, and put next time."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.audit.archive import missing, pieces
from evenkeel.errors import EvenkeelError, UsageError
from evenkeel.ports import TrailArchive
from evenkeel.run.house import House


@dataclass(frozen=True)
class Archived:
    """Where the archive stands: pieces written now, pieces it lacks still, the entry up to which it goes, and why no further."""

    address: str
    written: int
    lacking: int
    last_seq: int
    why: str | None = None

    @property
    def line(self) -> str:
        """Return a sentence for a person."""
        if self.why is None:
            return f"Trail's archive: all in {self.address}, up to entry {self.last_seq:,}."
        count = f"{self.lacking:,} checkpoint{'s' if self.lacking != 1 else ''}" if self.lacking else "checkpoints"
        return f"Trail's archive: {count} not in {self.address} yet ({self.why}); `evenkeel audit archive` goes on."


def archive_trail(house: House) -> Archived:
    """Put every piece that the archive lacks into it, oldest first; those written stay, whatever happens to the next.

    Raises:
        UsageError: No archive is set, or it is of no use.
        RecordDamaged: Another object is there under a piece's name.
        TransientError: It cannot be reached.
    """
    archive = _archive(house)
    held = archive.held()
    written = 0
    with house.records.trail() as trail:
        wanted = pieces(trail.checkpoints)
        # The last one that is there is held against ours each time; all of them by `audit verify --archive`.
        there = [piece for piece in wanted if piece.name in held][-1:]
        for piece in (*there, *missing(wanted, held)):
            written += archive.keep(piece.name, piece.content(trail.entries), house.clock.now())
    return Archived(archive.address, written, 0, wanted[-1].end.seq if wanted else 0)


def archive_quietly(house: House) -> Archived | None:
    """Do the same, and return why it did not come to its end instead of failing; None where no archive is set."""
    if house.trail_archive is None:
        return None
    try:
        return archive_trail(house)
    except EvenkeelError as error:
        return _standing(house, house.trail_archive, error)


def archive_standing(house: House) -> Archived | None:
    """Return where the archive stands; None where none is set. Writes nothing."""
    if house.trail_archive is None:
        return None
    return _standing(house, house.trail_archive, None)


def _standing(house: House, archive: TrailArchive, error: EvenkeelError | None) -> Archived:
    try:
        held = archive.held()
        with house.records.trail() as trail:
            wanted = pieces(trail.checkpoints)
    except EvenkeelError as away:
        return Archived(archive.address, 0, 0, 0, str(error or away))
    left = missing(wanted, held)
    seq = max((piece.end.seq for piece in wanted if piece.name in held), default=0)
    why = str(error) if error else "made since the last archiving" if left else None
    return Archived(archive.address, 0, len(left), seq, why)


def _archive(house: House) -> TrailArchive:
    if house.trail_archive is None:
        raise UsageError(
            "no archive is set; EVENKEEL_AUDIT_ARCHIVE_URL names it, s3://bucket/prefix (docs/audit-trail.md)"
        )
    return house.trail_archive
