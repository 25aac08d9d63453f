"""`unswayed judge-check`: how well does a judge agree with people?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("judge-check")
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--judge", "spec", default="rules", show_default=True, help="The judge to score.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def judge_check(labels: Path, spec: str, as_json: bool) -> None:
    """Score a judge on LABELS, a JSONL file of labelled thoughts and answers.

    Of a panel each member is scored too, and how far the members agree.
    """
    import json

    from unswayed.judges.agreement.labels import load_labels
    from unswayed.judges.agreement.panels import check_judge, render
    from unswayed.registry import create

    rows = load_labels(labels)
    result = check_judge(create("judge", spec), rows)
    click.echo(json.dumps(result.to_json(), ensure_ascii=False) if as_json else render(result))
