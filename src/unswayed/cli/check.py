"""`unswayed check`: is everything here that a run needs?"""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def check(as_json: bool) -> None:
    """Report versions, extras and devices of this environment."""
    import json

    from unswayed.run.environment import environment

    sections = environment()
    if as_json:
        click.echo(json.dumps(sections, ensure_ascii=False))
        return
    for section, rows in sections.items():
        click.echo(section)
        for name, value in rows.items():
            click.echo(f"  {name:16}{value}")
