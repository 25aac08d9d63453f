"""The command line: one file per command, no logic, nothing heavy imported before it is needed.

Data goes to stdout, talk and progress to stderr. Exit status 0: done; 1: a run failed; 2: the
user's mistake; 130: stopped from the keyboard; 143: stopped by SIGTERM.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys

import click

from unswayed import __version__
from unswayed.cli import logs, signals
from unswayed.errors import UnknownName, UnswayedError

COMMANDS = {
    "demo": "demo",
    "evaluate": "evaluate",
    "generate": "generate",
    "judge": "judge",
    "measure": "measure",
    "report": "report",
    "figures": "figures",
    "merge": "merge",
    "write": "write",
    "compare": "compare",
    "show": "show",
    "view": "view",
    "export": "export",
    "list": "list_names",
    "judge-check": "judge_check",
    "organism": "organism",
    "data": "data",
    "texts": "texts",
    "train": "train",
    "track": "track",
    "study": "study",
    "push": "push",
    "check": "check",
}
"""Command → module of this package; the command object bears the module's name."""

SUMMARIES = {
    "demo": "Evaluate the embedded model on drawn pictures, as a first run.",
    "evaluate": "Show a model every variant, then judge, measure and report.",
    "generate": "Make the variants and what the model writes for them.",
    "judge": "Judge a run's generations, also with another judge.",
    "measure": "Compute every figure of a run again; no model is called.",
    "report": "Write the page of a run, or of several side by side.",
    "figures": "Write figures and tables for a paper.",
    "merge": "Merge the shards of one evaluation into one run.",
    "write": "Have a language model write the injected texts.",
    "compare": "Compare runs with the first, sample by sample.",
    "show": "Show a sample of a run with all its variants.",
    "view": "Leaf through a run's outputs in the browser; label them.",
    "export": "Write a run in the formats of other tools.",
    "list": "List benchmarks, variants, models and what else has a name.",
    "judge-check": "Score a judge on labelled thoughts and answers.",
    "organism": "Make the shipped model organism again, or read its card.",
    "data": "Check or fetch a benchmark before a model sees it.",
    "texts": "Print the texts that would be injected, to be read.",
    "train": "Train a checkpoint with GRPO.",
    "track": "Evaluate every checkpoint of a training, and draw it.",
    "study": "Run a study of several recipes and seeds.",
    "push": "Publish a trained checkpoint with a model card.",
    "check": "Report versions, extras and devices of this environment.",
}
"""Command → what it does, in a line of `unswayed --help`; no command is imported for it."""
_BEFORE_A_PATH = "a path stands behind a command: unswayed evaluate PATH"
_HELP_ASKED = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""A command without arguments: newer versions of click raise its help text as an error."""


class _Commands(click.Group):
    """Commands that are imported when they are asked for, in the order of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES.get(name, "")) for name in COMMANDS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with.

        Raises:
            UnknownName: there is none of that name; the message offers near matches.
        """
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownName("command", args[0], COMMANDS, _BEFORE_A_PATH)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = COMMANDS[cmd_name]
        return getattr(importlib.import_module(f"unswayed.cli.{module}"), module)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="unswayed")
def cli() -> None:
    """Is a vision-language model swayed by misleading text, and does its thought say its answer?

    \b
    A first run, on pictures and a model that come with the package:
        unswayed demo

    --traceback after any command shows where an error came from.
    """  # noqa: D301 - click reads the \b as a character


def main() -> None:
    """Run the command line and turn every error into one line and an exit status."""
    traceback = "--traceback" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--traceback"]
    signals.stop_cleanly()
    logs.quiet_libraries()
    try:
        sys.exit(cli.main(arguments, prog_name="unswayed", standalone_mode=False) or 0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        if isinstance(error, _HELP_ASKED):
            error.show()
        else:
            _say(f"error: {error.format_message()}")
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        number = signals.received()
        by = f" by {number.name}" if number else ""
        _say(f"stopped{by}; the same command resumes it")
        sys.exit(128 + (number or signal.SIGINT))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except UnswayedError as error:
        if traceback:
            raise
        _say(f"error: {error}")
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if traceback:
            raise
        _missing(error)
    except Exception as error:
        if traceback:
            raise
        _say(f"error: {type(error).__name__}: {error} (unexpected; --traceback shows where)")
        sys.exit(1)


def _missing(error: ModuleNotFoundError) -> None:
    """Say which extra has a package whose absence no command looked for beforehand, and exit."""
    from unswayed.extras import explain

    explained = explain(error, "this command")
    if explained is None:
        _say(f"error: {error} (unexpected; --traceback shows where)")
        sys.exit(1)
    _say(f"error: {explained}")
    sys.exit(explained.exit_code)


def _say(text: str) -> None:
    click.echo(f"unswayed: {' '.join(text.split())}", err=True)
