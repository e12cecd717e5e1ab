"""Every relative link and anchor of the documentation leads somewhere, and every check is in the runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_contracts.vocab import Check, NoticeKind

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "data_contracts/README.md",
]
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
NAMED_FILE = re.compile(r"`((?:evenkeel|flows|tasks|data_contracts|deployments|docs|tests|benchmarks)/[\w./-]*\w/?)`")
FAR = ("http://", "https://", "mailto:")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    return FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors that a code host gives the headings of a page."""
    seen: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text_of(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        if count:
            seen[f"{slug}-{count}"] = 1
    return set(seen)


def broken(page: Path, text: str) -> list[str]:
    wrong = []
    for target in LINK.findall(text):
        if target.startswith(FAR):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or not file.is_relative_to(ROOT):
            wrong.append(f"{target}: there is no such file")
        elif anchor and anchor not in anchors(file):
            wrong.append(f"{target}: {file.name} has no heading of that name")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, text_of(page)) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_files_named_in_the_text_exist(page: Path) -> None:
    assert [name for name in NAMED_FILE.findall(text_of(page)) if not (ROOT / name).exists()] == []


def test_a_broken_link_is_found() -> None:
    page = ROOT / "docs" / "architecture.md"
    text = "[one](nowhere.md), [two](book.md#models), [three](book.md#no-such-part), [four](../../../etc/hosts)"
    assert [line.partition(":")[0] for line in broken(page, text)] == [
        "nowhere.md",
        "book.md#no-such-part",
        "../../../etc/hosts",
    ]


@pytest.mark.parametrize("code", [*Check, *NoticeKind])
def test_every_check_and_notice_is_in_the_runbook(code: Check | NoticeKind) -> None:
    rows = [
        line.split("|")[1]
        for line in (ROOT / "docs/runbook.md").read_text("utf-8").splitlines()
        if line.startswith("|")
    ]
    assert any(f"`{code.value}`" in cell for cell in rows)


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in LINK.findall(text_of(page))
        if not target.startswith(FAR)
    }
    assert [name_of(page) for page in PAGES[2:] if page not in linked] == []
