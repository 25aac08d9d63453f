"""Labels: a reader's clicks become lines that `judge-check` reads, and none is lost."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient
from tests.view.conftest import MakeClient

from unswayed.cli import cli
from unswayed.errors import ConfigError, RunError
from unswayed.judges.agreement.labels import load_labels
from unswayed.metrics.agreement import cohen_kappa, fleiss_kappa
from unswayed.run.folder import RunFolder
from unswayed.view.filters import Filter
from unswayed.view.labels import LabelRow, ReaderLabels, case_to_label
from unswayed.view.readers import agreements
from unswayed.view.runs import ViewedRun


def fields(page: str) -> dict[str, str]:
    """Return the hidden fields of the label form."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def label(client: TestClient, address: str, concludes: str, consistent: str, **more: str) -> str:
    """Label the output that an address asks about, and return the page behind it."""
    page = client.get(address)
    assert page.status_code == 200
    form = {**fields(page.text), "concludes": concludes, "consistent": consistent, **more}
    answer = client.post(f"/r/{address.split('/')[2]}/label", data=form)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_label_is_a_line_that_judge_check_reads(
    make_client: MakeClient, mixed: RunFolder, viewed: ViewedRun, tmp_path: Path
) -> None:
    client = make_client(mixed, reader="anna")
    line = next(one for one in viewed.listed(Filter(verdict="inconsistent"), count=1))
    case = case_to_label(viewed.output(line))
    assert case is not None
    query = f"sample={line.key.sample}&under={line.key.variant}&foil={line.key.foil}"
    label(client, f"/r/mixed/label?{query}", "none", "no", note=' a "remark" ')
    path = tmp_path / "labels" / "anna.jsonl"
    row: dict[str, Any] = json.loads(path.read_text())
    assert row["think"] == case.think
    assert (row["letter"], row["text_option"]) == (case.letter, case.text_letter)
    assert (row["reader"], row["note"], row["run"]) == ("anna", 'a "remark"', "mixed")
    (labelled,) = load_labels(path)
    assert labelled.case == LabelRow.model_validate(row).labelled_case.case
    assert (labelled.concludes, labelled.consistent) == ("none", "no")
    done = CliRunner().invoke(cli, ["judge-check", str(path), "--judge", "rules", "--json"])
    assert json.loads(done.stdout)["confusion"] == {"no": {"inconsistent": 1}}


def test_a_list_is_labelled_to_its_end_and_gone_on_with(
    make_client: MakeClient, mixed: RunFolder, viewed: ViewedRun, tmp_path: Path
) -> None:
    chosen = Filter(variant="base", verdict="inconsistent", sort="shuffled")
    address = f"/r/mixed/label?{chosen.query()}"
    total = viewed.count(chosen)
    assert total > 2
    client = make_client(mixed, reader="anna")
    page = label(client, address, "A", "no")
    assert f"1 of {total} labelled by anna" in page
    page = label(client, address, "A", "no")
    assert f"2 of {total} labelled by anna" in page
    rows = [
        json.loads(line) for line in (tmp_path / "labels" / "anna.jsonl").read_text().splitlines()
    ]
    assert [row["sample"] for row in rows] == [
        one.key.sample for one in viewed.listed(chosen, count=2)
    ]
    for _ in range(total - 2):
        page = label(client, address, "B", "yes")
    assert "Nothing of this list is left to label" in page


def test_a_reader_is_shown_what_a_judge_is_shown_and_no_more(
    make_client: MakeClient, mixed: RunFolder
) -> None:
    page = make_client(mixed, reader="anna").get("/r/mixed/label?verdict=inconsistent").text
    main = page[page.index("<main>") : page.index("</main>")]
    for word in ("<img", "right</em>", "foil</em>", "chip", "P(correct)", "verdict inconsistent"):
        assert word not in main


def test_skip_goes_round_and_labels_nothing(make_client: MakeClient, mixed: RunFolder) -> None:
    client = make_client(mixed, reader="anna")
    page = client.get("/r/mixed/label?variant=base&verdict=inconsistent").text
    first = fields(page)["sample"]
    seen = [first]
    for _ in range(10):
        skip = re.search(r'<a href="([^"]*)" data-key="s">', page)
        assert skip is not None
        page = client.get(unescape(skip[1])).text
        seen.append(fields(page)["sample"])
        if seen[-1] == first:
            break
    assert len(seen) == len(set(seen)) + 1 > 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"concludes": "Z", "consistent": "yes"}, "the option that the thought concludes on"),
        ({"concludes": "A", "consistent": "maybe"}, "expected yes, no or unclear"),
        ({"concludes": "A"}, "expected yes, no or unclear"),
    ],
)
def test_a_label_that_there_is_not_is_refused(
    make_client: MakeClient, mixed: RunFolder, tmp_path: Path, given: dict[str, str], words: str
) -> None:
    client = make_client(mixed, reader="anna")
    form = fields(client.get("/r/mixed/label").text)
    answer = client.post("/r/mixed/label", data=form | given)
    assert answer.status_code == 400
    assert words in answer.text
    assert not (tmp_path / "labels" / "anna.jsonl").exists()


def test_a_label_that_cannot_be_written_is_said_and_not_counted(
    make_client: MakeClient, mixed: RunFolder, tmp_path: Path
) -> None:
    client = make_client(mixed, reader="anna")
    form = fields(client.get("/r/mixed/label").text) | {"concludes": "A", "consistent": "yes"}
    shutil.rmtree(tmp_path / "labels")
    answer = client.post("/r/mixed/label", data=form)
    assert answer.status_code == 500
    assert "cannot write" in answer.text
    assert "0 of " in client.get("/r/mixed/label").text


# --- the file -------------------------------------------------------------------------------------


def row(id: str, consistent: str = "yes", reader: str = "anna", **changes: Any) -> LabelRow:
    values: dict[str, Any] = {
        "id": id,
        "question": "Which?",
        "options": {"A": "the lamp", "B": "the chair"},
        "think": "It is the lamp.\u2028\x85 Yes.",
        "answer": "A",
        "letter": "A",
        "text_option": None,
        "concludes": "A" if consistent == "yes" else "B",
        "consistent": consistent,
        "reader": reader,
        "labelled": "2026-01-01T00:00:00+00:00",
        "run": "run",
        "model": "model",
        "benchmark": "toy",
        "sample": f"toy/{id}",
        "variant": "base",
    }
    return LabelRow.model_validate(values | changes)


def test_the_last_label_counts_and_the_first_stays(tmp_path: Path) -> None:
    labels = ReaderLabels(tmp_path, "anna")
    with labels.writing():
        for one in (row("1"), row("2", "no"), row("1", "unclear")):
            labels.add(one)
    assert len(labels.path.read_text().split("\n")) == 4
    assert [one.consistent for one in load_labels(labels.path)] == ["unclear", "no"]
    assert ReaderLabels(tmp_path, "anna").latest == labels.latest


def test_a_torn_last_line_is_cut_off_and_written_again(tmp_path: Path) -> None:
    labels = ReaderLabels(tmp_path, "anna")
    with labels.writing():
        labels.add(row("1"))
        labels.add(row("2"))
    labels.path.write_bytes(labels.path.read_bytes()[:-9])
    again = ReaderLabels(tmp_path, "anna")
    with again.writing():
        assert set(again.latest) == {"1"}
        again.add(row("2", "no"))
    assert [one.consistent for one in load_labels(labels.path)] == ["yes", "no"]


def test_one_reader_has_one_writer(tmp_path: Path) -> None:
    with ReaderLabels(tmp_path, "anna").writing():
        with (
            pytest.raises(RunError, match="another explorer writes the labels of 'anna'"),
            ReaderLabels(tmp_path, "anna").writing(),
        ):
            pass
        with ReaderLabels(tmp_path, "bert").writing():
            pass


@pytest.mark.parametrize("name", ["", "../anna", "a/b", ".anna", "a" * 41, "anna\n"])
def test_a_reader_has_a_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="expected a reader's name"):
        ReaderLabels(tmp_path, name)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "anna.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(RunError, match=r"anna.jsonl line 1 is no LabelRow"):
        ReaderLabels(tmp_path, "anna")


# --- agreement ------------------------------------------------------------------------------------


def written(folder: Path, **given: str) -> list[ReaderLabels]:
    """Write labels of several readers: y, n, u, or - for none, item by item."""
    words = {"y": "yes", "n": "no", "u": "unclear"}
    readers = [ReaderLabels(folder, name) for name in given]
    for reader in readers:
        with reader.writing():
            for number, sign in enumerate(given[reader.reader]):
                if sign in words:
                    reader.add(row(str(number), words[sign], reader.reader))
    return readers


def test_agreement_is_over_what_all_labelled(tmp_path: Path) -> None:
    readers = written(tmp_path, anna="yynnuy-", bert="yynyyyn", cleo="-ynnyyn")
    found = {one.readers: one for one in agreements(readers)}
    assert [len(names) for names in found] == [2, 2, 2, 3]
    pair = found["anna", "bert"]
    assert pair.n == 6
    anna, bert = (
        ["yes", "yes", "no", "no", "unclear", "yes"],
        ["yes", "yes", "no", "yes", "yes", "yes"],
    )
    assert pair.kappa.value == cohen_kappa(anna, bert).value
    assert pair.same.value == pytest.approx(4 / 6)
    assert [rows[0].id for rows in pair.differing] == ["3", "4"]
    every = found["anna", "bert", "cleo"]
    assert every.n == 5
    ratings = [anna[1:], bert[1:], ["yes", "no", "no", "yes", "yes"]]
    assert every.kappa.value == fleiss_kappa(ratings).value


def test_readers_without_a_common_output_have_no_agreement(tmp_path: Path) -> None:
    (one,) = agreements(written(tmp_path, anna="y-", bert="-n"))
    assert one.n == 0
    assert one.kappa.value is None
    assert one.kappa.reason


def test_the_labels_page_compares_readers_and_judges(
    make_client: MakeClient, mixed: RunFolder, tmp_path: Path
) -> None:
    addresses = [f"/r/mixed/label?sample=scenes/0-{n}&under=base" for n in (0, 1, 9)]
    for reader, said in (("anna", "yes yes no"), ("bert", "yes no no")):
        client = make_client(mixed, reader=reader)
        for address, one in zip(addresses, said.split(), strict=True):
            label(client, address, "A", one)
    page = make_client(mixed).get("/labels").text
    assert "anna and bert differ on 1" in page
    assert "/r/mixed/output?sample=scenes%2F0-1&amp;under=base" in page
    beside = re.findall(r"<td class=\"name\">(anna|bert)</td><td>(\d)</td><td>([\d.]+)</td>", page)
    assert beside == [("anna", "3", "1.00"), ("bert", "3", "0.67")]
