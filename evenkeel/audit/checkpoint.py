"""A checkpoint: what the whole trail was at a moment, in one line that can be kept elsewhere.

Each covers the one before it, so that none can be taken out between two others.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, replace

from evenkeel.audit.canonical import canonical, instant_text
from evenkeel.audit.chain import FIRST_HASH
from evenkeel.audit.merkle import Tree


@dataclass(frozen=True)
class Checkpoint:
    """The trail up to entry `seq`.

    Attributes:
        seq: The last entry it covers.
        chain_hash: That entry's hash.
        merkle_root: Root of the tree (`merkle`) whose leaves are the hashes of entries 1 to `seq`.
        peaks: Its perfect subtrees, largest first, from which it grows; joined by commas.
        event_count: Events it covers.
        made_at: When.
        previous_digest: Digest of the checkpoint before it.
        digest: SHA-256 over the canonical JSON of all that.
    """

    seq: int
    chain_hash: str
    merkle_root: str
    peaks: str
    event_count: int
    made_at: str
    previous_digest: str
    digest: str

    def tree(self) -> Tree:
        """Return the tree up to here, to be grown.

        Raises:
            ValueError: The peaks are not those of so many leaves.
        """
        return Tree(self.event_count, [bytes.fromhex(peak) for peak in self.peaks.split(",")])

    def digest_of(self) -> str | None:
        """Return the digest that the other columns lead to; None where they cannot be what was written."""
        try:
            return _digest(self)
        except (ValueError, TypeError):
            return None

    def line(self) -> bytes:
        """Return the checkpoint as one line of canonical JSON, with its line end."""
        return canonical(asdict(self)) + b"\n"


def make(seq: int, chain_hash: str, tree: Tree, made_at: dt.datetime, before: Checkpoint | None) -> Checkpoint:
    """Return the checkpoint of a trail that ends with entry `seq`; `tree` has the hashes of all entries."""
    bare = Checkpoint(
        seq=seq,
        chain_hash=chain_hash,
        merkle_root=tree.root().hex(),
        peaks=",".join(peak.hex() for peak in tree.peaks),
        event_count=tree.count,
        made_at=instant_text(made_at),
        previous_digest=FIRST_HASH if before is None else before.digest,
        digest="",
    )
    return replace(bare, digest=_digest(bare))


def parse(line: bytes | str) -> Checkpoint | None:
    """Return the checkpoint that a line says; None where it says none."""
    try:
        found = json.loads(line)
        return Checkpoint(**found) if isinstance(found["seq"], int) else None
    except (ValueError, TypeError, KeyError):
        return None


def _digest(checkpoint: Checkpoint) -> str:
    said = asdict(checkpoint)
    del said["digest"]
    return hashlib.sha256(canonical(said)).hexdigest()
