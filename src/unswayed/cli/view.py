"""`unswayed view`: leaf through the outputs of runs in the browser, and label them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--reader", help="Your name: turns labelling on.")
@click.option(
    "--labels",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("labels"),
    show_default=True,
    help="Folder of label files, one a reader.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Any other than this machine's own lets others in.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of indexes.  [default: in the user's cache folder]",
)
@click.option("--open", "opens", is_flag=True, help="Open the browser.")
def view(
    runs: tuple[Path, ...],
    reader: str | None,
    labels: Path,
    port: int,
    host: str,
    cache: Path | None,
    opens: bool,
) -> None:
    """Show the outputs of RUNS in the browser: filter, search, sort, compare, label.

    Each run is indexed once, on this machine; no model is called, and nothing is written into a
    run folder. Runs are shown side by side where they have the same samples.
    """
    from unswayed import view as explorer

    explorer.require()

    from unswayed import progress
    from unswayed.view import server
    from unswayed.view.app import Explorer, application
    from unswayed.view.cache import default_folder
    from unswayed.view.labels import ReaderLabels
    from unswayed.view.runs import open_runs

    opened = open_runs(runs, cache or default_folder())
    with ExitStack() as stack:
        own = ReaderLabels(labels, reader) if reader else None
        if own is not None:
            stack.enter_context(own.writing())
        found = stack.enter_context(server.listen(host, port))
        address = server.address(found, host)
        click.echo(address)
        progress.say("stop with Ctrl-C")
        if opens:
            click.launch(address)
        server.serve(application(Explorer(opened, labels, own), host), found)
