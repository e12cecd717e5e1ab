"""What the YAML files of a book must keep with its tables: models that resolve, policies that hold, feeds that are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from data_contracts.vocab import FeedRole
from evenkeel.book.accounts import PORTFOLIOS
from evenkeel.book.documents import Documents
from evenkeel.book.models import Model, ModelCannotBeResolved, Resolver, TargetNode
from evenkeel.book.problems import Problems, did_you_mean, shown
from evenkeel.book.tables import DEFAULT_POLICY
from evenkeel.book.validate import ALIASES, SECURITIES, Tables, check_custodians, check_known, known_values
from evenkeel.book.versions import models_held
from evenkeel.book.yaml_text import Document
from evenkeel.errors import UsageError
from evenkeel.policy.versions import PolicySet

MODELS, POLICIES = "models.yaml or models/", "policies/"


def check_documents(
    documents: Documents, tables: Tables, on: dt.date, as_known_at: dt.datetime | None, problems: Problems
) -> None:
    """Note everything that is wrong between the documents and the tables, and among models."""
    portfolios = tables.get(PORTFOLIOS)
    if portfolios is not None and documents.models_are_whole:
        ids = pl.Series("model_id", sorted({model.id for model, _ in documents.models}), dtype=pl.String)
        check_known(portfolios, "model_id", ids, MODELS, problems)
    for model, document in documents.models:
        _check_owner(model, document, tables, problems)
        _check_securities(model, document, tables, problems)
    if documents.models_are_whole:
        _check_nesting(documents.models, on, as_known_at, problems)
    if documents.policies_are_whole and documents.policies:
        _check_policies(documents, tables, on, as_known_at, problems)
    if documents.feeds_are_whole:
        feeds = [feed for feed, _ in documents.feeds]
        custodians = {feed.delivers_for for feed in feeds if feed.role == FeedRole.CUSTODIAN}
        check_custodians(tables, custodians, problems)
        if ALIASES in tables:
            names = pl.Series("feed", [feed.feed for feed in feeds], dtype=pl.String)
            check_known(tables[ALIASES], "feed", names, "feeds.yaml", problems)


def _check_owner(model: Model, document: Document, tables: Tables, problems: Problems) -> None:
    known = known_values(tables, "advisers.csv", "adviser_id")
    if model.adviser_id is not None and known is not None and model.adviser_id not in known:
        hint = did_you_mean(model.adviser_id, known.to_list())
        text = f"adviser_id {shown(model.adviser_id)} is not in advisers.csv{hint}; add it there or correct it here"
        problems.add(document.file, document.line(("adviser_id",)), text)


def _check_securities(model: Model, document: Document, tables: Tables, problems: Problems) -> None:
    """A target can only be met by a holding that the book puts into the same class and sleeve."""
    if SECURITIES not in tables or not tables[SECURITIES].is_whole:
        return
    named = {target.security for node in model.targets for target in node.all_securities}
    if not named:
        return
    rows = tables[SECURITIES].frame.filter(pl.col("security_id").is_in(sorted(named)))
    known = {
        name: (asset_class, sleeve)
        for name, asset_class, sleeve in rows.select("security_id", "asset_class", "sleeve").rows()
    }
    all_ids = tables[SECURITIES].frame.get_column("security_id").drop_nulls()
    for path, node, sleeve, security in _security_paths(model):
        line = document.line(path)
        if security not in known:
            hint = did_you_mean(security, all_ids.to_list()) if len(all_ids) < 5000 else ""
            problems.add(document.file, line, f"security {shown(security)} is not in {SECURITIES}{hint}; add it there")
            continue
        own_class, own_sleeve = known[security]
        if own_class is not None and own_class != node.asset_class:
            text = f"security {shown(security)} is {own_class} in {SECURITIES}, not {node.asset_class}; put it under its own class"
            problems.add(document.file, line, text)
        elif sleeve is not None and own_sleeve != sleeve:
            stands = shown(own_sleeve) if own_sleeve else "none"
            text = f"security {shown(security)} has sleeve {stands} in {SECURITIES}, not {shown(sleeve)}; make them the same"
            problems.add(document.file, line, text)


def _security_paths(model: Model) -> list[tuple[tuple[int | str, ...], TargetNode, str | None, str]]:
    paths: list[tuple[tuple[int | str, ...], TargetNode, str | None, str]] = []
    for place, node in enumerate(model.targets):
        at: tuple[int | str, ...] = ("targets", place)
        paths += [((*at, "securities", i), node, None, s.security) for i, s in enumerate(node.securities)]
        for j, sleeve in enumerate(node.sleeves):
            inside = (*at, "sleeves", j, "securities")
            paths += [((*inside, i), node, sleeve.sleeve, s.security) for i, s in enumerate(sleeve.securities)]
    return paths


def _check_nesting(
    models: Sequence[tuple[Model, Document]], on: dt.date, as_known_at: dt.datetime | None, problems: Problems
) -> None:
    """Resolve all models as they hold on the date, and on each later date on which a version takes effect."""
    where: Mapping[int, Document] = {id(model): document for model, document in models}
    ids = {model.id for model, _ in models}
    for model, document in models:
        for place, node in enumerate(model.targets):
            if node.model is not None and node.model not in ids:
                hint = did_you_mean(node.model, sorted(ids))
                text = f"nested model {shown(node.model)} is not in the book{hint}; add it or correct the name"
                problems.add(document.file, document.line(("targets", place)), text)
    for date in [on, *sorted({model.effective_date for model, _ in models if model.effective_date > on})]:
        held = models_held((model for model, _ in models), date, as_known_at)
        resolver = Resolver(held)
        for model_id, model in held.items():
            if any(node.model is not None and node.model not in ids for node in model.targets):
                continue
            try:
                resolver.resolve(model_id)
            except ModelCannotBeResolved as error:
                document = where[id(model)]
                problems.add(document.file, document.line(("targets",)), f"from {date}: {error}")


def _check_policies(
    documents: Documents, tables: Tables, on: dt.date, as_known_at: dt.datetime | None, problems: Problems
) -> None:
    policies = PolicySet(policy for policy, _ in documents.policies)
    ids = pl.Series("policy_id", sorted({policy.policy_id for policy in policies.all}), dtype=pl.String)
    used = {DEFAULT_POLICY}
    if PORTFOLIOS in tables:
        check_known(tables[PORTFOLIOS], "policy_id", ids, POLICIES, problems)
        used |= set(tables[PORTFOLIOS].frame.get_column("policy_id").drop_nulls().unique())
    if DEFAULT_POLICY not in ids:
        text = f"no policy with policy_id {DEFAULT_POLICY}; add one, deadlines and tolerances come from it"
        problems.add(POLICIES, None, text)
    labels: set[str] = set()
    for policy_id in sorted(used & set(ids)):
        try:
            labels.add(policies.held_on(policy_id, on, as_known_at).label)
        except UsageError as error:
            problems.add(POLICIES, None, str(error))
    known = known_values(tables, PORTFOLIOS, "portfolio_id")
    if known is None:
        return
    names = set(known)
    for policy, document in documents.policies:
        # Versions of the past may speak of portfolios that are no more.
        if policy.label in labels or policy.effective_date > on:
            for place, rule in enumerate(policy.portfolios):
                if rule.portfolio_id not in names:
                    text = f"portfolio_id {shown(rule.portfolio_id)} is not in the book; correct it, or delete the rule"
                    problems.add(document.file, document.line(("portfolios", place)), text)
