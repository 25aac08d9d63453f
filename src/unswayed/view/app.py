"""The explorer as a web application: which address shows what. Every state is an address."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from unswayed.errors import ConfigError, RunError, UnknownName, UnswayedError, UserError
from unswayed.report.text import visible
from unswayed.view import pages, readers
from unswayed.view.filters import of_query
from unswayed.view.guard import Guard, is_own_form
from unswayed.view.labels import LabelRow, ReaderLabels, all_readers, label_of
from unswayed.view.lines import OutputKey, OutputLine
from unswayed.view.runs import ViewedRun

PICTURE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
"""Endings of pictures that are shown → their types. Nothing else is sent: an SVG has scripts."""
_LONGEST_FORM = 64_000


class Explorer:
    """The open runs and labels, and an answer for each address.

    One person looks at a time, and answers take milliseconds, so that they are given one after the
    other: nothing here is shared between threads.
    """

    def __init__(
        self, runs: Sequence[ViewedRun], labels: Path, reader: ReaderLabels | None = None
    ) -> None:
        """Hold what is shown.

        Args:
            runs: the open runs.
            labels: the folder of label files.
            reader: who labels, with the file held for writing; None if nobody does.
        """
        self.runs = {run.name: run for run in runs}
        self.labels, self.reader = labels, reader
        self.token = secrets.token_urlsafe(32)
        self._templates = Environment(
            autoescape=True,
            loader=PackageLoader(__package__ or ""),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )

    async def home(self, request: Request) -> Response:
        """Show the runs; where there is only one, its list."""
        if len(self.runs) == 1:
            return RedirectResponse(f"/r/{next(iter(self.runs))}", 307)
        return self._page("runs", {})

    async def linked(self, request: Request) -> Response:
        """Lead to a sample of the run at a place, counted from 0, as report pages link to it."""
        place, names = int(request.path_params["place"]), list(self.runs)
        if place >= len(names):
            raise HTTPException(404, "there is no such run")
        sample = urlencode({"sample": str(request.path_params["sample"])})
        return RedirectResponse(f"/r/{names[place]}/output?{sample}", 307)

    async def list(self, request: Request) -> Response:
        """Show a page of a run's list."""
        run, chosen = self._run(request), of_query(request.query_params)
        return self._page("list", pages.list_page(run, chosen, _number(request, "page", 1)))

    async def output(self, request: Request) -> Response:
        """Show one output with its sample."""
        run, chosen = self._run(request), of_query(request.query_params)
        others = [one for one in self.runs.values() if one is not run]
        at = _number(request, "at") if "at" in request.query_params else None
        return self._page("output", pages.output_page(run, _key(request), chosen, at, others))

    async def text(self, request: Request) -> Response:
        """Show the whole text of an output, as it is."""
        run = self._run(request)
        output = run.output(run.find(_key(request)))
        return Response(
            output.text.encode("utf-8", "backslashreplace"), media_type="text/plain; charset=utf-8"
        )

    async def picture(self, request: Request) -> Response:
        """Send a picture of an output's question, from inside the run folder and nowhere else."""
        run, row = self._run(request), int(request.path_params["row"])
        if row >= run.total:
            raise HTTPException(404, "there is no such output")
        images = run.output(run.line(row)).variant.sample.images
        place = int(request.path_params["place"])
        path = images[place].path if place < len(images) else None
        if path is None:
            raise HTTPException(404, "there is no such picture")
        folder = run.run.folder.resolve()
        file = (folder / path).resolve()
        media_type = PICTURE_TYPES.get(file.suffix.lower())
        if not file.is_relative_to(folder) or media_type is None or not file.is_file():
            raise HTTPException(404, "the run folder holds no such picture")
        return FileResponse(file, media_type=media_type)

    async def label(self, request: Request) -> Response:
        """Ask for a label: of the output that is named, or of the next one in a list."""
        run, reader, chosen = self._run(request), self._reader(), of_query(request.query_params)
        done = run.rows_of(reader.keys_in(run))
        rows = list(run.ordered(chosen, judgeable=True))
        queue = (len(done.intersection(rows)), len(rows))
        if "sample" in request.query_params:
            line: OutputLine | None = run.find(_key(request))
        else:
            after = _number(request, "after", -1)
            start = rows.index(after) + 1 if after in rows else 0
            left = (row for row in (*rows[start:], *rows[:start]) if row not in done)
            row = next(left, None)
            line = None if row is None else run.line(row)
        return self._page("label", pages.label_page(run, line, reader, chosen, queue))

    async def save_label(self, request: Request) -> Response:
        """Write a label, and go on to the next output of the list."""
        run, reader, form = self._run(request), self._reader(), await _form(request)
        if not is_own_form(request.headers, form.get("token", ""), self.token):
            raise HTTPException(403, "this form is not of this explorer: load its page again")
        chosen, key = of_query(form), _key_of(form)
        line = run.find(key)
        reader.add(label_of(run, line, reader.reader, form))
        query = chosen.query(after=line.row)
        return RedirectResponse(f"/r/{run.name}/label?{query}", 303)

    async def all_labels(self, request: Request) -> Response:
        """Show how far readers agree."""
        everyone = [
            self.reader if self.reader and one.reader == self.reader.reader else one
            for one in all_readers(self.labels)
        ]

        def address(row: LabelRow) -> str:
            return pages.output_address(self.runs[row.run], row.key)

        counts = [Counter(row.consistent for row in one.latest.values()) for one in everyone]
        return self._page(
            "labels",
            {
                "labels_open": True,
                "reader": self.reader,
                "folder": str(self.labels),
                "readers": list(zip(everyone, counts, strict=True)),
                "agreements": readers.agreements(everyone) if len(everyone) > 1 else [],
                "judges": [
                    (run, one, result)
                    for run in self.runs.values()
                    for one in everyone
                    for result in readers.judges_beside(one, run)
                ],
                "names": set(self.runs),
                "address": address,
            },
        )

    async def colours(self, request: Request) -> Response:
        """Send the style of the report, which the explorer's stands on."""
        css = resources.files("unswayed.report").joinpath("templates", "report.css")
        return Response(css.read_text("utf-8"), media_type="text/css; charset=utf-8")

    async def refused(self, request: Request, error: Exception) -> Response:
        """Show an error as a page."""
        if isinstance(error, HTTPException):
            return self._error(error.status_code, error.detail)
        kinds = ((UnknownName, 404), (RunError, 409), (UserError, 400))
        status = next((code for kind, code in kinds if isinstance(error, kind)), 500)
        return self._error(status, str(error))

    def _error(self, status: int, message: str) -> Response:
        title = "There is no such page" if status == 404 else "This cannot be shown"
        context = {"status": status, "title": title, "message": message}
        return self._page("error", context, status)

    def _page(self, name: str, context: dict[str, Any], status: int = 200) -> Response:
        shared = {"runs": list(self.runs.values()), "token": self.token}
        page = self._templates.get_template(f"{name}.html.j2").render({**shared, **context})
        return HTMLResponse(page.encode("utf-8", "backslashreplace"), status)

    def _run(self, request: Request) -> ViewedRun:
        name = str(request.path_params["run"])
        if name not in self.runs:
            raise UnknownName("run", name, self.runs)
        return self.runs[name]

    def _reader(self) -> ReaderLabels:
        if self.reader is None:
            raise ConfigError("nobody is named who labels: start the explorer with --reader NAME")
        return self.reader


def application(explorer: Explorer, host: str) -> Starlette:
    """Return the web application.

    Args:
        explorer: what is shown.
        host: the address that it is served on.
    """
    run = "/r/{run}"
    return Starlette(
        routes=[
            Route("/", explorer.home),
            Route("/labels", explorer.all_labels),
            Route("/sample/{place:int}/{sample:path}", explorer.linked),
            Route(run, explorer.list),
            Route(f"{run}/output", explorer.output),
            Route(f"{run}/text", explorer.text),
            Route(f"{run}/picture/{{row:int}}/{{place:int}}", explorer.picture),
            Route(f"{run}/label", explorer.label),
            Route(f"{run}/label", explorer.save_label, methods=["POST"]),
            Route("/report.css", explorer.colours),
            Mount("/static", StaticFiles(packages=[(__package__ or "", "static")])),
        ],
        middleware=[Middleware(Guard, bound=host)],
        exception_handlers={UnswayedError: explorer.refused, HTTPException: explorer.refused},
    )


def _shown(value: Any) -> Any:
    """Write out what cannot be seen in a text, before the engine escapes it."""
    return visible(value) if type(value) is str else value


def _number(request: Request, name: str, otherwise: int = 0) -> int:
    """Return a whole number of a query, at least 0.

    Raises:
        ConfigError: there is something else.
    """
    given = request.query_params.get(name)
    if given is None:
        return otherwise
    if not (given.isascii() and given.isdigit() and len(given) <= 12):
        raise ConfigError(f"expected a number as {name}, found {given!r:.40}")
    return int(given)


def _key(request: Request) -> OutputKey:
    return _key_of({name: str(value) for name, value in request.query_params.items()})


def _key_of(given: dict[str, str]) -> OutputKey:
    """Return which output a query or a form names.

    Raises:
        ConfigError: it names none.
    """
    numbers = [given.get(name, "0") for name in ("foil", "draw")]
    if "sample" not in given or not all(
        n.isascii() and n.isdigit() and len(n) < 9 for n in numbers
    ):
        raise ConfigError("expected a sample and its variant in the address, as lists link to them")
    return OutputKey(given["sample"], given.get("under", "base"), int(numbers[0]), int(numbers[1]))


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form that was sent as one; of a field that comes twice the last."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415, "expected a form")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise HTTPException(413, "the form is too long")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
