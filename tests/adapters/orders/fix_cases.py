"""QuickFIX's acceptance cases (`samples/fix/*.def`) as messages with the answer each is due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SENT_AT = "20260304-14:45:00.000"


@dataclass(frozen=True)
class Case:
    """A message, and the reject it is due: tag (371) and reason (373); None where it is taken; `is_ignored`: it has a bad checksum."""

    line: int
    raw: bytes
    reject: tuple[int, int] | None
    is_ignored: bool


def framed(text: str) -> bytes:
    """Return a line's message with tags 9 and 10 as the cases' runner fills them in; a checksum that is given stays."""
    text = text.replace("<TIME>", SENT_AT)
    begin, body = re.fullmatch(r"(8=[^\x01]*\x01)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    given = re.search(r"\x0110=(\d+)\x01$", body)
    if given:
        body = body[: given.start() + 1]
    head = f"{begin}9={len(body)}\x01{body}".encode("latin-1")
    return head + f"10={given.group(1) if given else format(sum(head) % 256, '03d')}\x01".encode()


def read_cases(path: Path) -> list[Case]:
    lines = path.read_text("latin-1").split("\n")
    cases = []
    for place, line in enumerate(lines):
        if not line.startswith("I8="):
            continue
        answer = next((other for other in lines[place + 1 :] if other.startswith(("I8=", "E8="))), "")
        fields = dict(part.split("=", 1) for part in answer[1:].split("\x01") if "=" in part)
        is_reject = answer.startswith("E") and fields.get("35") == "3"
        reject = (int(fields["371"]), int(fields["373"])) if is_reject else None
        cases.append(Case(place + 1, framed(line[1:]), reject, "10=256" in line))
    return cases
