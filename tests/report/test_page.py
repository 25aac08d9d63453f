"""The page: whole, self-contained, the same twice, and safe whatever a model writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from unswayed.errors import MissingExtra, RunError
from unswayed.report import require, write_report
from unswayed.report.page import render
from unswayed.run.files import write_json
from unswayed.run.folder import RunFolder
from unswayed.types import ImageRef

HOSTILE = (
    "</script><script>alert(1)</script>"
    '"><img src=x onerror=alert(2)>'
    "'><svg onload=alert(3)>"
    "</style><style>body{display:none}</style>"
    "{{7*7}}{% raw %}${7*7}<!--"
    "\u202egnp.exe\x00\x1b]0;title\x07\x9b31m"
    "javascript:alert(4) $\\frac{a}{b}$"
)
EXPLORER = "http://127.0.0.1:8765/sample/0/"
"""Where the reader goes, if a link is followed: nothing is fetched from there."""
VOID = {"meta", "img", "br", "link", "input", "hr"}
SVG_EMPTY = {"path", "use", "rect", "circle", "line"}


class Elements(HTMLParser):
    """Collects what a browser would see: tags, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def assert_safe(page: str) -> Elements:
    found = Elements(page)
    assert not found.open, f"left open: {found.open}"
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"script", "iframe", "object", "embed", "link", "base", "form"}
    assert len(found.named("style")) >= 1
    for tag, attributes in found.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name in ("src", "href", "xlink:href"):
                starts = ("data:image/", "#", *([EXPLORER] if tag == "a" else []))
                assert (value or "").startswith(starts), f"<{tag} {name}={value!r}>"
    for image in found.named("img"):
        assert image["alt"]
    return found


def test_the_page_is_whole_and_asks_for_nothing(small_run: RunFolder) -> None:
    path = write_report(small_run)
    page = path.read_text("utf-8")
    assert path == small_run.folder / "report.html"
    found = assert_safe(page)
    policy = [m for m in found.named("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy[0]["content"].startswith("default-src 'none';")  # pyright: ignore
    assert "script-src" not in str(policy[0]["content"])
    assert not re.search(r"@import|url\((?!#)", page)
    assert "knows nothing" not in page


def test_the_page_holds_the_figures_of_the_run(page: str) -> None:
    text = " ".join(Elements(page).text)
    assert "pretend-7b" in text
    assert "42.0 %" in text
    assert "[38.0, 46.0]" in text
    assert "n = 10" in text
    assert "2026-05-04" in text
    for section in ("figures", "tables", "samples", "failures", "terms", "provenance"):
        assert f'id="{section}"' in page
    assert page.count("<svg") == 2 * (6 * 3 + 1)  # for a wide page and for a narrow one
    assert page.count('class="sample"') == 12
    assert page.count(f'href="{EXPLORER}') == 12


def test_the_same_run_gives_the_same_bytes(run: RunFolder, page: str) -> None:
    assert render(run) == page


def test_ids_are_unique_and_references_are_kept(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:url\(|href=")#([^")]+)', page)
    assert set(references) <= set(ids)


def test_drawings_have_no_colour_of_their_own(page: str) -> None:
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert set(re.findall(r"#[0-9a-fA-F]{6}\b", drawing)) <= set()
        assert "DejaVu" not in drawing


def test_a_missing_value_is_told_with_its_reason_and_never_zero(page: str) -> None:
    cell = re.search(r'<td class="missing" title="([^"]*needs both[^"]*)">([^<]*)', page)
    assert cell
    assert cell[2] == "n/a"
    assert "n/a: every pair stays correct: &lt;b&gt;needs both&lt;/b&gt;" in cell[1]
    assert "n/a in AUROC of P(correct): every pair stays correct" in page


def test_an_empty_panel_is_replaced_by_its_reason(run: RunFolder) -> None:
    path = run.folder / "metrics.json"
    metrics = json.loads(path.read_text("utf-8"))
    for row in metrics["estimates"]:
        if row["metric"].startswith("auroc") and row["benchmark"] == "dots":
            row.update(value=None, low=None, high=None, reason="no letter distributions")
    write_json(path, metrics)
    page = render(run)
    assert page.count("<svg") == 2 * (6 * 3 + 1 - 1)
    assert "Not shown: dots: no letter distributions" in page


def test_contrasts_have_a_chart_and_a_table_and_are_no_variants(small_run: RunFolder) -> None:
    path = small_run.folder / "metrics.json"
    metrics = json.loads(path.read_text("utf-8"))
    before = render(small_run)
    template = next(row for row in metrics["estimates"] if row["metric"] == "drop")
    contrast = {"benchmark": "dots", "variant": "wrong-think - wrong-caption"}
    contrast |= {"metric": "contrast_accuracy", "value": -0.2, "low": -0.3, "high": -0.1}
    metrics["estimates"].append(template | contrast)
    write_json(path, metrics)
    page = render(small_run)
    assert page.count("<svg") == before.count("<svg") + 2
    assert "</span> Contrasts between variants</h3>" in page
    assert page.count('<th scope="row">wrong-think − wrong-caption</th>') == 1
    cell = re.search(r"wrong-think − wrong-caption</th><td title=.*?>([^<]*)<small>([^<]*)", page)
    assert cell
    assert cell.groups() == ("−20.0", "[−30.0, −10.0]")


def test_taxonomy_and_selection_have_tables_and_the_taxonomy_a_chart(small_run: RunFolder) -> None:
    path = small_run.folder / "metrics.json"
    metrics = json.loads(path.read_text("utf-8"))
    before = render(small_run)
    template = next(row for row in metrics["estimates"] if row["metric"] == "sway")
    template |= {"benchmark": "dots", "variant": "wrong-think"}
    kinds = ("steadfast", "stubborn", "confused", "brittle")
    metrics["estimates"] += [
        template | {"metric": f"taxonomy_{kind}", "value": 0.25} for kind in kinds
    ]
    metrics["estimates"].append(template | {"metric": "selective_risk", "value": 0.125})
    write_json(path, metrics)
    page = render(small_run)
    assert page.count("<svg") == before.count("<svg") + 2
    label = "steadfast 25 %, stubborn 25 %, confused 25 %, brittle 25 %"
    assert f"wrong-think: {label}." in page
    assert "<caption>What becomes of right answers when a text misleads</caption>" in page
    caption = re.search(r"<caption>Answering only where base is sure.*?</table>", page, re.DOTALL)
    assert caption
    assert "12.5 %" in caption[0]


def test_a_model_that_knows_nothing_is_announced(make_run: Callable[..., RunFolder]) -> None:
    model = {"name": "tiny", "knows_nothing": True}
    page = render(make_run(model=model, benchmarks=("dots",), count=1))
    text = re.sub(r"<[^>]+>", "", page)
    assert (
        "This model has random weights and knows nothing: the figures show that the pipeline "
        "works, not what any model can do" in text
    )


def test_what_a_reader_must_know_first_is_said(
    make_run: Callable[..., RunFolder], page: str
) -> None:
    assert page.count('class="caution"') == page.count("unparsed: ") > 0
    run = make_run(benchmarks=("dots",), count=2)
    run.mark_complete("generations", complete=False)
    variants = [v.model_copy(update={"delivery": "user-turn"}) for v in run.variants]
    run.variants.path.unlink()
    run.variants.append(variants)
    page = render(run)
    assert page.count('class="caution"') == 3
    assert "This run is not finished (generations)" in page
    assert "placed in the user&#39;s turn" in page


def test_failures_are_counted_and_the_first_are_shown(page: str) -> None:
    assert "load, dots: 8" in page
    assert page.count("found &#39;F&#39;") == 5
    assert "and 3 more in failures.jsonl" in page


def hostile_output(name: str, number: int) -> str:
    text = f"<think>{HOSTILE}</think><answer>B. {HOSTILE}</answer>"
    return text if number else f"<think>{'x' * 1_000_000}</think><answer>B</answer>"


def hostile_run(make_run: Callable[..., RunFolder]) -> RunFolder:
    """Poison every text of a run that comes from a model, a data set or the outside."""
    run = make_run(
        benchmarks=("dots",),
        outputs=hostile_output,
        count=3,
        model={"name": HOSTILE},
        command=HOSTILE,
        created=HOSTILE,
        settings={HOSTILE: [HOSTILE]},
    )
    variants = [
        v.model_copy(
            update={
                "caption": HOSTILE,
                "prefill": f"<think>{HOSTILE}",
                "draft": HOSTILE,
                "options": {k: f"{t} {HOSTILE}" for k, t in v.options.items()},
                "name": v.name if v.name == "base" else f"{v.name}{HOSTILE}",
                "sample": v.sample.model_copy(
                    update={"id": f"{v.sample.id}{HOSTILE}", "question": HOSTILE}
                ),
            }
        )
        for v in run.variants
    ]
    verdicts = [v.model_copy(update={"judge": HOSTILE, "reason": HOSTILE}) for v in run.verdicts]
    failures = [
        f.model_copy(update={"id": HOSTILE, "benchmark": HOSTILE, "message": HOSTILE})
        for f in run.failures
    ]
    for stage, records in (
        (run.variants, variants),
        (run.verdicts, verdicts),
        (run.failures, failures),
    ):
        stage.path.unlink()
        stage.append(records)  # pyright: ignore
    poison_metrics(run.folder / "metrics.json")
    return run


def poison_metrics(path: Path) -> None:
    metrics = json.loads(path.read_text("utf-8"))
    for row in metrics["estimates"]:
        row["variant"] = row["variant"] if row["variant"] in ("base", "all") else HOSTILE
        row["method"] = row["reason"] = HOSTILE
        row["benchmark"] = row["benchmark"] if row["benchmark"] == "all" else HOSTILE
        if row["metric"] == "conflict_rate":
            row["metric"] = HOSTILE
    for curve in metrics["risk_coverage"]:
        curve["benchmark"] = curve["predictor"] = HOSTILE
    write_json(path, metrics)


def test_hostile_text_is_shown_and_does_nothing(make_run: Callable[..., RunFolder]) -> None:
    page = render(hostile_run(make_run))
    found = assert_safe(page)
    text = "".join(found.text)
    assert "</script><script>alert(1)</script>" in text
    assert "{{7*7}}" in text
    assert "⟨U+202E⟩gnp.exe␀␛]0;title" in text
    assert not set(page) & set("\u202e\x00\x1b\x07\x9b")
    assert len(page) < 1_500_000


def test_a_long_output_is_cut_and_says_so(make_run: Callable[..., RunFolder]) -> None:
    page = render(make_run(benchmarks=("dots",), outputs=hostile_output, count=1))
    assert "more characters are in the run folder" in page
    assert "x" * 20_001 not in page


def test_a_picture_outside_of_the_run_is_not_followed(small_run: RunFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes((small_run.folder / "images" / "1.png").read_bytes())
    replace_pictures(small_run, "../secret.png")
    page = render(small_run)
    assert "<img" not in page
    assert "its path leads out of the run folder" in page


@pytest.mark.parametrize("broken", ["missing.png", "broken.png"])
def test_a_picture_that_cannot_be_shown_is_told(small_run: RunFolder, broken: str) -> None:
    (small_run.folder / "broken.png").write_bytes(b"no picture")
    replace_pictures(small_run, broken)
    page = render(small_run)
    assert "<img" not in page
    assert "No picture: the file" in page


def replace_pictures(run: RunFolder, path: str) -> None:
    variants = [
        v.model_copy(
            update={"sample": v.sample.model_copy(update={"images": (ImageRef(path=path),)})}
        )
        for v in run.variants
    ]
    run.variants.path.unlink()
    run.variants.append(variants)


def test_a_run_without_samples_verdicts_or_estimates_still_has_a_page(
    make_run: Callable[..., RunFolder],
) -> None:
    run = make_run(benchmarks=("dots",), count=0)
    run.failures.path.unlink()
    empty = {"schema_version": 1, "settings": {}, "estimates": []}
    write_json(run.folder / "metrics.json", empty)
    page = render(run)
    assert_safe(page)
    assert "There are no samples to show" in page
    assert "Nothing failed" in page


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "measure"),
        ("{", "expected JSON in"),
        ('{"schema_version": 2, "estimates": []}', "schema_version"),
        ('{"schema_version": 1, "estimates": [{"n": 1}]}', "estimates.0"),
        ('{"schema_version": 1, "settings": {"on_conflict": "x"}, "estimates": []}', "on_conflict"),
    ],
)
def test_a_run_without_good_figures_is_refused(
    run: RunFolder, content: str | None, found: str
) -> None:
    path = run.folder / "metrics.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError, match=found):
        write_report(run)
    assert not (run.folder / "report.html").exists()


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra, match=rf"{module}.*unswayed\[report\]"):
        require()


def test_importing_the_package_needs_no_extra() -> None:
    code = (
        "import sys, unswayed.report, unswayed.report.terminal;"
        "sys.exit(' '.join({'jinja2', 'matplotlib', 'torch'} & set(sys.modules)) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


def test_the_extra_is_there() -> None:
    require()


def test_the_number_of_samples_is_kept(small_run: RunFolder) -> None:
    assert render(small_run, samples=3).count('class="sample"') == 3
    assert render(small_run, samples=0).count('class="sample"') == 0


def test_the_users_matplotlib_settings_do_not_matter(run: RunFolder, page: str) -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "text.usetex": True}):
        assert render(run) == page
        assert matplotlib.rcParams["font.size"] == 30


def test_writing_a_report_changes_nothing_else(small_run: RunFolder) -> None:
    before = snapshot(small_run.folder)
    write_report(small_run)
    after = snapshot(small_run.folder)
    after.pop("report.html")
    assert after == before


def snapshot(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
