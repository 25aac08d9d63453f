"""`unswayed study`: claims on trial: recipes × seeds from a job list, to verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from unswayed.study.listing import Listing

DIR = click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def study() -> None:
    """Train recipes under several seeds, evaluate every checkpoint, and judge twelve claims."""


@study.command()
@DIR
@click.option("--recipes", multiple=True, help="Only these, comma-separated; a file adds one.")
@click.option("--seeds", multiple=True, help="Only these training seeds, comma-separated.")
@click.option("--quick", is_flag=True, help="One seed, few steps, few questions: to see it work.")
@click.option("--plan", "planned", metavar="FILE", help="A plan of your own. [default: full]")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Any plan key.")
@click.option("--workers", type=click.IntRange(min=1), default=1, help="Processes. [default: 1]")
@click.option("--index", metavar="I/N", help="Only part I of N, counted from 0, for job arrays.")
@click.option("--retry", is_flag=True, help="Try jobs that failed once more.")
@click.option("--dry-run", is_flag=True, help="Print the jobs, and do nothing.")
def run(
    folder: Path,
    recipes: tuple[str, ...],
    seeds: tuple[str, ...],
    quick: bool,
    planned: str | None,
    overrides: tuple[str, ...],
    workers: int,
    index: str | None,
    retry: bool,
    dry_run: bool,
) -> None:
    """Work off the job list in DIR; the same command goes on where it stopped.

    Several processes and machines that share DIR may work on it at the same time. What is planned
    is written once: later calls take it up, and may only add recipes and seeds.
    """
    from unswayed.errors import ConfigError
    from unswayed.study.jobs import jobs_of, numbers, share_of
    from unswayed.study.listing import listing
    from unswayed.study.plan import StudyFolder, name_of, plan_of
    from unswayed.study.tasks import Tasks
    from unswayed.study.work import work
    from unswayed.study.work import workers as several

    if quick and planned:
        raise ConfigError("expected --quick or --plan, found both; leave one out")
    names = [part for text in recipes for part in text.split(",") if part]
    numbered = numbers(seeds)
    place = StudyFolder(folder)
    asked = quick or planned or overrides
    wanted = plan_of("quick" if quick else planned or "full", overrides) if asked else None
    if dry_run and not place.exists():
        jobs = jobs_of(wanted or plan_of("full"), [name_of(one) for one in names], numbered)
        click.echo(listing(folder, jobs).table())
        return
    plan = place.begin(wanted, names, numbered)
    share = share_of(index) if index else None
    jobs = jobs_of(plan, [name_of(one) for one in names], numbered, share)
    if dry_run:
        click.echo(listing(folder, jobs, plan.note).table())
        return
    if workers > 1:
        again = [*(f"--recipes={one}" for one in names), *(f"--seeds={one}" for one in numbered)]
        again += [*([f"--index={index}"] if index else []), *(["--retry"] if retry else [])]
        known = several(folder, ["study", "run", str(folder), *again], workers, jobs)
    else:
        known = work(folder, jobs, Tasks(place, plan), retry=retry)
    _end(known, folder)


@study.command("list")
@DIR
@click.option("--json", "as_json", is_flag=True, help="Print the jobs as JSON.")
def list_jobs(folder: Path, as_json: bool) -> None:
    """Print what is done, running, failed and open, and the minutes spent and left."""
    from unswayed.study.jobs import jobs_of
    from unswayed.study.listing import listing
    from unswayed.study.plan import StudyFolder

    plan = StudyFolder(folder).plan()
    known = listing(folder, jobs_of(plan), plan.note)
    if as_json:
        click.echo(json.dumps(known.document(), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(known.table())


@study.command()
@click.argument("place", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="[default: DIR/report.html]"
)
@click.option("--json", "as_json", is_flag=True, help="Print every number as JSON.")
def report(place: Path | None, out: Path | None, as_json: bool) -> None:
    """Print the verdicts on the twelve claims, and write the report as a page.

    DIR is a study's folder, or a file that `unswayed study pack` wrote; without it, the study that
    comes with the package.
    """
    from unswayed.errors import RunError
    from unswayed.study import reporting
    from unswayed.study.pack import embedded

    known = place or embedded()
    if known is None:
        raise RunError(
            "no study comes with this version of the package; name the folder of one: unswayed "
            "study report DIR"
        )
    found = reporting.report_of(known)
    target = out or (known / reporting.NAME if known.is_dir() else None)
    if target is not None:
        reporting.write(found, target)
    if as_json:
        click.echo(json.dumps(reporting.document(found), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(reporting.markdown(found))
    if target is not None:
        click.echo(f"report: {target}", err=True)


@study.command()
@DIR
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
def pack(folder: Path, out: Path) -> None:
    """Write a study's compact form, a few megabytes, from which its report is drawn anew.

    OUT is a file, or a folder to write study.zip into.
    """
    from unswayed.study.pack import pack as packed
    from unswayed.study.plan import StudyFolder

    click.echo(packed(StudyFolder(folder), out))


def _end(known: Listing, folder: Path) -> None:
    """Say how the jobs stand.

    Raises:
        StageError: some failed.
    """
    from unswayed.errors import StageError

    click.echo(f"unswayed: {known.words()}", err=True)
    failed = [one for one in known.records if one.state == "failed"]
    if failed:
        raise StageError(
            f"{len(failed)} of {len(known.records)} jobs failed; the first, {failed[0].job}: "
            f"{failed[0].reason}; all of them: unswayed study list {folder}; once more: --retry"
        )
