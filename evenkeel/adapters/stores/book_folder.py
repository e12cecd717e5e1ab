"""The book's folder: its files as bytes by relative name. What they mean belongs in `evenkeel.book.load`."""

from __future__ import annotations

from pathlib import Path

from evenkeel.errors import UsageError

BOOK_ENDINGS = (".csv", ".yaml", ".yml")


def read_book_folder(path: Path) -> dict[str, bytes]:
    """Return the CSV and YAML files of the book's folder by their names relative to it, with forward slashes.

    Hidden files and those that editors and spreadsheets leave beside an open one (`~$…`, `.~lock…`) are left out.

    Raises:
        UsageError: There is no such folder, or a file cannot be read.
    """
    if not path.is_dir():
        raise UsageError(
            f"no book at {path}; write one with `evenkeel init`, or set EVENKEEL_HOME to the folder above it"
        )
    files: dict[str, bytes] = {}
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        if (
            any(part.startswith((".", "~")) for part in parts)
            or not file.name.lower().endswith(BOOK_ENDINGS)
            or not file.is_file()
        ):
            continue
        try:
            files["/".join(parts)] = file.read_bytes()
        except OSError as error:
            raise UsageError(f"{file} cannot be read ({error.strerror}); check its permissions") from error
    return files
