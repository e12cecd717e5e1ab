"""The `evenkeel` command: what a person types.

Each command parses words, calls one use case and prints; what they do belongs in `evenkeel.run` and `evenkeel.desk`. Heavy libraries
are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import gc
import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from evenkeel import __version__
from evenkeel.errors import EXIT_USAGE, BookError, EvenkeelError, UsageError

EXIT_FAILED = 1
"""The world failed (a database, a network, another run's lease); trying later may do."""


def make_app() -> App:
    """Return the command with all its parts."""
    from evenkeel.cli.commands import register

    app = App(
        name="evenkeel",
        help="Which client portfolios have drifted far enough to act on, who must act by when, and the proof of it.",
        help_epilogue=(
            "Exit codes: 0 done; 1 the world failed, try later; 2 wrong use, settings or book; 3 done, but a check stopped something. "
            "The home is --home, else EVENKEEL_HOME, else ./.evenkeel."
        ),
        version=__version__,
        version_flags=["--version"],
        result_action="return_value",
    )
    register(app)
    return app


COLLECTED_AFTER = (50_000, 20, 20)
"""Objects that come before the first look for cycles of them, and looks before an older generation has its own. A command imports half a
million objects that live until it ends, and Python's own figures have them looked through time and again."""


def main() -> None:
    """Run the command and end with its exit code."""
    gc.set_threshold(*COLLECTED_AFTER)
    sys.exit(run_command(sys.argv[1:]))


def _with_dash_last(words: list[str]) -> list[str]:
    """Move a lone `-` (standard input) behind `--`, where it is no option."""
    if "-" not in words or "--" in words:
        return words
    return [*(word for word in words if word != "-"), "--", "-"]


def run_command(words: list[str]) -> int:
    """Return the exit code of one command line; every expected failure is one clear message, never a traceback."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        result = make_app()(_with_dash_last(words), exit_on_error=False, print_error=True, error_console=errors)
    except CycloptsError:
        return EXIT_USAGE
    except BookError as error:
        errors.print(
            f"The book has {len(error.problems)} problem{'s' if len(error.problems) != 1 else ''}; nothing was run:",
            markup=False,
        )
        for problem in error.problems:
            errors.print(f"  {problem}", markup=False)
        return EXIT_USAGE
    except UsageError as error:
        errors.print(f"evenkeel: {error}", markup=False)
        return EXIT_USAGE
    except EvenkeelError as error:
        errors.print(f"evenkeel: {error}", markup=False)
        return EXIT_FAILED
    except KeyboardInterrupt:
        errors.print("evenkeel: interrupted; nothing half-done is visible, run it again")
        return EXIT_FAILED
    return result if isinstance(result, int) else 0
