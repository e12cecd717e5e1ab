"""The YAML files of a book: models, policies, feeds and maps, each checked for itself.

What they say about each other and about the tables belongs in `validate`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.book.feeds import FeedSpec
from evenkeel.book.models import Model, sum_problems
from evenkeel.book.problems import Problems, did_you_mean, shown
from evenkeel.book.yaml_text import Document, read_documents, validate
from evenkeel.policy.model import Policy

MODELS_FILE, MODELS_FOLDER = "models.yaml", "models/"
POLICIES_FOLDER, MAPS_FOLDER, FEEDS_FILE = "policies/", "maps/", "feeds.yaml"
YAML_ENDINGS = (".yaml", ".yml")

KNOWN_LAYOUTS = frozenset({"schwab_csv", "fidelity_csv", "vanguard_csv", "ibkr_csv", "ibkr_flex", "ofx", "mapped"})
MAPPED = "mapped"


@dataclass(frozen=True)
class Documents:
    """What the YAML files say, each with the document it stands in; `is_whole` is false where one could not be read."""

    models: Sequence[tuple[Model, Document]]
    policies: Sequence[tuple[Policy, Document]]
    feeds: Sequence[tuple[FeedSpec, Document]]
    maps: Mapping[str, str]
    models_are_whole: bool
    policies_are_whole: bool
    feeds_are_whole: bool


def read_yaml_files(files: Mapping[str, bytes], layouts: Collection[str], problems: Problems) -> Documents:
    """Read all YAML files of a book; what is wrong in any of them is noted in `problems`."""
    models, models_whole = _models(files, problems)
    policies, policies_whole = _policies(files, problems)
    maps = _maps(files, problems)
    feeds, feeds_whole = _feeds(files, maps, layouts, problems)
    return Documents(models, policies, feeds, maps, models_whole, policies_whole, feeds_whole)


def _yaml_in(files: Mapping[str, bytes], folder: str) -> list[str]:
    return sorted(name for name in files if name.startswith(folder) and name.endswith(YAML_ENDINGS))


def _models(files: Mapping[str, bytes], problems: Problems) -> tuple[list[tuple[Model, Document]], bool]:
    names = [name for name in (MODELS_FILE,) if name in files] + _yaml_in(files, MODELS_FOLDER)
    found: list[tuple[Model, Document]] = []
    is_whole = True
    for name in names:
        documents = read_documents(name, files[name], problems, exact=True)
        is_whole &= documents is not None
        for document in documents or []:
            model = validate(document, Model, problems)
            is_whole &= model is not None
            if model is not None:
                found.append((model, document))
                for path, text in sum_problems(model):
                    problems.add(name, document.line(path), f"model {shown(model.label)}: {text}")
    _no_version_twice([(model.id, model.version, document) for model, document in found], "model", problems)
    return found, is_whole


def _policies(files: Mapping[str, bytes], problems: Problems) -> tuple[list[tuple[Policy, Document]], bool]:
    found: list[tuple[Policy, Document]] = []
    is_whole = True
    names = _yaml_in(files, POLICIES_FOLDER)
    if not names:
        problems.add(
            POLICIES_FOLDER, None, "no policy; add policies/house.yaml, `evenkeel init` writes one to begin with"
        )
    for name in names:
        documents = read_documents(name, files[name], problems)
        is_whole &= documents is not None
        for document in documents or []:
            policy = validate(document, Policy, problems)
            is_whole &= policy is not None
            if policy is not None:
                found.append((policy, document))
    _no_version_twice([(policy.policy_id, policy.version, document) for policy, document in found], "policy", problems)
    return found, is_whole


def _no_version_twice(versions: Sequence[tuple[str, int, Document]], what: str, problems: Problems) -> None:
    first: dict[tuple[str, int], Document] = {}
    for name, version, document in versions:
        earlier = first.setdefault((name, version), document)
        if earlier is not document:
            where = f"{earlier.file}:{earlier.line()}"
            text = f"{what} {shown(name)} version {version} stands in {where} too; give the newer one the next number"
            problems.add(document.file, document.line(), text)


def _maps(files: Mapping[str, bytes], problems: Problems) -> dict[str, str]:
    maps: dict[str, str] = {}
    for name in _yaml_in(files, MAPS_FOLDER):
        documents = read_documents(name, files[name], problems)
        if documents is None:
            maps[name] = ""
            continue
        if len(documents) != 1 or not isinstance(documents[0].data, dict):
            problems.add(name, 1, "a map is one YAML document of keys and values; see docs/book.md")
        maps[name] = files[name].removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    return maps


def _feeds(
    files: Mapping[str, bytes], maps: Mapping[str, str], layouts: Collection[str], problems: Problems
) -> tuple[list[tuple[FeedSpec, Document]], bool]:
    if FEEDS_FILE not in files:
        problems.add(FEEDS_FILE, None, "the file is missing; add it with one entry a feed, see docs/book.md")
        return [], False
    documents = read_documents(FEEDS_FILE, files[FEEDS_FILE], problems)
    if documents is None:
        return [], False
    is_whole = True
    found: list[tuple[FeedSpec, Document]] = []
    for document in documents:
        feed = validate(document, FeedSpec, problems)
        is_whole &= feed is not None
        if feed is None:
            continue
        if feed.feed in {other.feed for other, _ in found}:
            problems.add(
                FEEDS_FILE, document.line(("feed",)), f"feed {shown(feed.feed)} stands twice; rename one of them"
            )
        found.append((feed, document))
        known = sorted(layouts)
        if feed.layout not in layouts:
            hint = did_you_mean(feed.layout, known)
            text = f"unknown layout {shown(feed.layout)}{hint}; use one of {', '.join(known)}"
            problems.add(FEEDS_FILE, document.line(("layout",)), text)
        elif feed.layout == MAPPED and feed.map is None:
            problems.add(
                FEEDS_FILE,
                document.line(),
                f"feed {shown(feed.feed)} of layout mapped names no map; add map: maps/<file>.yaml",
            )
        elif feed.layout != MAPPED and feed.map is not None:
            problems.add(
                FEEDS_FILE,
                document.line(("map",)),
                f"layout {feed.layout} takes no map; delete it, or use layout: mapped",
            )
        if feed.map is not None and feed.map not in maps:
            hint = did_you_mean(feed.map, sorted(maps))
            problems.add(
                FEEDS_FILE, document.line(("map",)), f"map {shown(feed.map)} is not in the book{hint}; add the file"
            )
    return found, is_whole
