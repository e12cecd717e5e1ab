"""Batches in a folder: whole or not at all, once, and told when somebody changed them."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from evenkeel.adapters.orders.order_folder import OrderFolder
from evenkeel.adapters.orders.order_forms import OrderWriters, read_account_numbers, read_order_forms
from evenkeel.errors import TransientError, UsageError
from evenkeel.orders.allocate import share_out
from evenkeel.ports.orders import Allocated
from tests.adapters.orders.batches import NUMBERS, SENT_AT, block_in, every_kind
from tests.adapters.orders.test_fix_reading import report
from tests.support.ordering import fill

BATCH = every_kind()
FORMS = """
custodians:
  schwab: {orders: fix_list, allocations: fix, sender: FIRM, target: SCHWAB}
  fidelity: {orders: fidelity_import}
"""


def no_maps(name: str) -> str:
    raise UsageError(f"there is no map {name}")


def writers(text: str = FORMS) -> OrderWriters:
    return read_order_forms(text, no_maps)


def desk(root: Path, text: str = FORMS) -> OrderFolder:
    made = writers(text)
    return OrderFolder(root, made.orders, made.allocations)


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_batch_is_a_folder_with_a_file_a_custodian_and_a_manifest(tmp_path: Path) -> None:
    handed = desk(tmp_path).hand_over(BATCH, NUMBERS)
    place = f"out/2026-03-04/{BATCH.batch_id}"
    files = everything(tmp_path)
    assert set(files) == {f"{place}/fidelity.csv", f"{place}/schwab.fix", f"{place}/manifest.json"}
    assert [(one.name, one.digest) for one in handed] == [
        (name, hashlib.sha256(files[f"{place}/{name}"]).hexdigest()) for name in ("fidelity.csv", "schwab.fix")
    ]
    assert sorted(order for one in handed for order in one.order_ids) == sorted(
        block.order_id for block in BATCH.blocks
    )
    manifest = json.loads(files[f"{place}/manifest.json"])
    assert [one["name"] for one in manifest["files"]] == ["fidelity.csv", "schwab.fix"]
    assert stat.S_IMODE((tmp_path / place / "schwab.fix").stat().st_mode) == 0o600


def test_the_same_batch_again_changes_nothing(tmp_path: Path) -> None:
    first = desk(tmp_path).hand_over(BATCH, NUMBERS)
    before = everything(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert desk(tmp_path).hand_over(BATCH, NUMBERS) == first
    assert everything(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_a_changed_file_and_changed_contents_are_told(tmp_path: Path) -> None:
    desk(tmp_path).hand_over(BATCH, NUMBERS)
    with pytest.raises(UsageError, match="laid out with other contents"):
        desk(tmp_path).hand_over(BATCH, NUMBERS | {"A": "99998888"})
    path = next(tmp_path.rglob("fidelity.csv"))
    path.write_bytes(path.read_bytes().replace(b"7.5", b"75"))
    with pytest.raises(UsageError, match="find out who changed it"):
        desk(tmp_path).hand_over(BATCH, NUMBERS)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"files": [1]}', '{"files": [{"name": "schwab.fix"}]}'])
def test_a_damaged_manifest_is_told(damage: str, tmp_path: Path) -> None:
    desk(tmp_path).hand_over(BATCH, NUMBERS)
    next(tmp_path.rglob("manifest.json")).write_text(damage)
    with pytest.raises(UsageError, match=r"manifest\.json is not what was laid out"):
        desk(tmp_path).hand_over(BATCH, NUMBERS)


def test_nothing_is_laid_out_where_one_order_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="number of account A is not known"):
        desk(tmp_path).hand_over(BATCH, {"C": "1", "D": "2"})
    with pytest.raises(UsageError, match="how fidelity takes orders is not set"):
        desk(tmp_path, FORMS.replace("fidelity:", "pershing:")).hand_over(BATCH, NUMBERS)
    assert everything(tmp_path) == {}


def test_what_breaks_midway_leaves_nothing_to_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = os.fsync, []

    def failing(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(TransientError, match="No space left"):
        desk(tmp_path).hand_over(BATCH, NUMBERS)
    assert everything(tmp_path) == {}
    assert len(desk(tmp_path).hand_over(BATCH, NUMBERS)) == 2


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    left = tmp_path / "out/2026-03-04" / f".{BATCH.batch_id}-abc"
    left.mkdir(parents=True)
    (left / "schwab.fix").write_bytes(b"half")
    desk(tmp_path).hand_over(BATCH, NUMBERS)
    assert not left.exists()


def _hand_over(root: Path) -> list[str]:
    return [one.digest for one in desk(root).hand_over(BATCH, NUMBERS)]


def test_two_processes_at_once_lay_it_out_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(_hand_over, [tmp_path] * 8)
    assert len({tuple(one) for one in found}) == 1
    assert len(everything(tmp_path)) == 3


def test_allocations_are_laid_out_for_those_who_take_them(tmp_path: Path) -> None:
    blocks = [block_in(BATCH, "schwab", "VTI"), block_in(BATCH, "fidelity", "XOM")]
    allocated = [
        Allocated(block, tuple(share_out(block, [fill(block, "E1", str(block.order_qty), "110")]))) for block in blocks
    ]
    (handed,) = desk(tmp_path).hand_over_allocations(allocated, NUMBERS, SENT_AT)
    assert (handed.name, handed.order_ids) == ("schwab.fix", (blocks[0].order_id,))
    assert desk(tmp_path).hand_over_allocations(list(reversed(allocated)), NUMBERS, SENT_AT) == [handed]
    assert desk(tmp_path).hand_over_allocations(allocated[1:], NUMBERS, SENT_AT) == []


def test_answers_are_read_from_every_file_and_what_is_odd_is_told(tmp_path: Path) -> None:
    assert desk(tmp_path).answers().news == []
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.fix").write_bytes(report("E1") + b"garbage")
    (folder / "b.csv").write_bytes(b"order id,exec id,qty,price,date\nord-2,E5,1,2,2026-03-04\n")
    (folder / "c.csv").write_bytes(b"nothing\n")
    (folder / ".hidden.csv").write_bytes(b"x")
    (folder / "notes.txt").write_bytes(b"x")
    answers = desk(tmp_path).answers()
    assert [one.fill.execution_id for one in answers.news if one.fill] == ["E1", "E5"]
    assert [problem.split(" ")[0] for problem in answers.problems] == ["a.fix,", "c.csv:"]


def test_settings_of_orders_are_checked() -> None:
    for text, why in (
        ("custodians: [", "is no YAML"),
        ("custodians: {a: {orders: fix_list}}", "sender, target must be given"),
        ("custodians: {a: {orders: mapped}}", "map must be given"),
        ("custodians: {a: {orders: pigeon}}", r"custodians\.a\.orders"),
        ("custodians: {a: {orders: mapped, map: p.yaml}}", "there is no map p.yaml"),
        (
            "custodians: {a: {orders: fidelity_import, allocations: ibkr_allocation}}",
            "trading_account, executing_broker must be given",
        ),
    ):
        with pytest.raises(UsageError, match=why):
            writers(text)


def test_account_numbers_are_read_and_never_quoted() -> None:
    assert read_account_numbers(b"\xef\xbb\xbfaccount_id,account_number\nA, 123\nB,456\n") == {"A": "123", "B": "456"}
    for data, why in (
        (b"account_id,account_number\nA,123\nA,456\n", "line 3: account A stands twice"),
        (b"account_id,account_number\nA,\n", "line 2"),
        (b"account,number\nA,987654\n", "line 2"),
        (b"account_id,account_number\nA,98-7654\nB,987654\n", "line 3: account B has the number of account A"),
        (b'account_id,account_number\nA,"987654\nB,1\n', "no CSV"),
        (b"\xff", "no UTF-8 text"),
    ):
        with pytest.raises(UsageError, match=why) as caught:
            read_account_numbers(data)
        assert "987654" not in str(caught.value)


def test_single_orders_are_numbered_one_after_the_other(tmp_path: Path) -> None:
    desk(tmp_path, FORMS.replace("fix_list", "fix_single")).hand_over(BATCH, NUMBERS)
    data = next(tmp_path.rglob("schwab.fix")).read_bytes()
    assert [part.split(b"\x01")[0] for part in data.split(b"\x0134=")[1:]] == [b"1", b"2", b"3", b"4", b"5"]
