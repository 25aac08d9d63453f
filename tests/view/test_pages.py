"""The pages: every state has an address, and what stands on a page is what the records say."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient
from tests.view.conftest import SCRIPTED, MakeClient

import unswayed as us
from unswayed.answers import TAGGED
from unswayed.cli import cli
from unswayed.prompts import profile, render_user
from unswayed.report.rendering import explorer_address
from unswayed.run.files import write_json
from unswayed.run.folder import RunFolder
from unswayed.types import Generation, ImageRef, Sample, Variant
from unswayed.view.prompt import turns

HOSTILE = (
    "</div></details><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    "\u202egnp\u0000\u001b[31m{{ 7 * 7 }}{% raw %}&lt;"
)


def links(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]*)"', page)]


def rows(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'<a class="line" href="([^"]*)"', page)]


def text(client: TestClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def hand_made(
    folder: Path, outputs: list[tuple[Variant, Generation]], **description: Any
) -> RunFolder:
    """Write a run that nobody judged."""
    run = RunFolder(folder)
    written = {
        "schema_version": 1,
        "settings": {"model": "by-hand", "benchmarks": ["toy"]},
        "measuring": {"judge": "rules"},
        "seed": 0,
    }
    write_json(folder / "run.json", written | description)
    run.variants.append(variant for variant, _ in outputs)
    run.generations.append(generation for _, generation in outputs)
    return run


def shown(sample: Sample, name: str = "base", **changes: Any) -> Variant:
    origin = {letter: letter for letter in sample.options}
    values: dict[str, Any] = {"options": sample.options, "answer": sample.answer, "origin": origin}
    return Variant(id=f"{sample.id}:{name}", sample=sample, name=name, **(values | changes))


# --- addresses ------------------------------------------------------------------------------------


def test_every_link_of_a_list_and_an_output_leads_somewhere(
    make_client: MakeClient, mixed: RunFolder, good: RunFolder
) -> None:
    client = make_client(mixed, good)
    seen: set[str] = set()
    waiting = ["/", "/r/mixed?swayed=yes&sort=entropy"]
    for address in waiting:
        page = text(client, address)
        for link in links(page):
            if link not in seen and len(seen) < 60:
                seen.add(link)
                if not link.startswith(("/static", "/report.css")) and "label?" not in link:
                    waiting.append(link)
    assert len(seen) == 60
    for link in seen:
        wanted = 400 if "/label?" in link else 200
        assert client.get(link).status_code == wanted, link


def test_a_list_is_left_by_next_and_previous(client: TestClient) -> None:
    found: list[str] = []
    address = "/r/mixed?variant=wrong-think&sort=p_correct&descending=yes"
    listed = rows(text(client, address))
    assert len(listed) == 50
    here: str | None = listed[0]
    while here is not None and len(found) < 60:
        page = text(client, here)
        found.append(here)
        following = re.search(r'<a href="([^"]*)" rel="next" data-key="j">', page)
        here = unescape(following[1]) if following else None
    assert found[:50] == listed
    page = text(client, found[2])
    before = re.search(r'<a href="([^"]*)" rel="prev" data-key="k">', page)
    assert before is not None
    assert unescape(before[1]) == found[1]
    back = re.search(r'<a href="([^"]*)" data-key="u">', page)
    assert back is not None
    assert parse_qs(urlsplit(unescape(back[1])).query) == parse_qs(urlsplit(address).query)


def test_a_page_behind_the_last_is_the_last(client: TestClient) -> None:
    last = rows(text(client, "/r/mixed?page=100000"))
    assert last
    assert last[-1] in rows(text(client, "/r/mixed?page=8"))


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/r/nobody", 404, "unknown run"),
        ("/r/mixed/output?sample=none&under=base", 404, "unknown sample"),
        ("/r/mixed/output?sample=scenes/0-0&under=nothing", 404, "unknown output"),
        ("/r/mixed/output?sample=scenes/0-0&under=base&draw=9", 404, "unknown output"),
        ("/r/mixed/output", 400, "expected a sample and its variant"),
        ("/r/mixed?page=-1", 400, "expected a number as page"),
        ("/r/mixed?sort=gold", 400, "sort"),
        ("/r/mixed/picture/99999/0", 404, "no such output"),
        ("/r/mixed/picture/0/7", 404, "no such picture"),
        ("/nowhere", 404, "no such page"),
        ("/r/mixed/label", 400, "--reader NAME"),
    ],
)
def test_a_wrong_address_gets_a_page_that_says_why(
    client: TestClient, address: str, status: int, words: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.text
    assert "<!doctype html>" in answer.text


def test_an_address_stays_true_when_the_run_is_indexed_again(
    make_client: MakeClient, mixed: RunFolder, tmp_path: Path
) -> None:
    shutil.copytree(mixed.folder, tmp_path / "mixed")
    address = rows(text(make_client(mixed), "/r/mixed?swayed=yes"))[3]
    copy = RunFolder.open(tmp_path / "mixed")
    assert text(make_client(mixed), address) == text(make_client(copy), address)


# --- what stands there ----------------------------------------------------------------------------


def test_an_output_shows_what_was_injected_written_and_judged(
    client: TestClient, mixed: RunFolder
) -> None:
    variant, generation, verdict = next(
        one for one in mixed.joined() if one[0].name == "wrong-think" and one[2]
    )
    assert verdict is not None
    page = text(client, f"/r/mixed/output?sample={variant.sample.id}&under=wrong-think")
    plain = unescape(re.sub(r"<[^>]*>", "", page))
    assert f"<mark>{variant.prefill.replace('<', '&lt;').replace('>', '&gt;')}</mark>" in page
    written = generation.text.partition("<answer>")
    for words in (variant.sample.question, *variant.options.values(), written[0], written[2]):
        assert words in plain
    assert verdict.reason in plain
    for name in {one.name for one in mixed.variants}:
        assert name in plain


def test_earlier_judges_and_the_votes_of_a_panel_stand_beside_the_last_verdict(
    make_client: MakeClient, mixed: RunFolder, tmp_path: Path
) -> None:
    shutil.copytree(mixed.folder, tmp_path / "mixed")
    panel = f"panel:rules+{SCRIPTED}:SlowRules"
    done = CliRunner().invoke(cli, ["judge", str(tmp_path / "mixed"), "--judge", panel])
    assert done.exit_code == 0, done.output
    client = make_client(RunFolder.open(tmp_path / "mixed"))
    page = text(client, "/r/mixed/output?sample=scenes/0-3&under=base")
    judges = re.findall(r'<tr( class="member")?><th scope="row">([^<]*)</th>', page)
    assert [name for _, name in judges][-3:] == ["rules", "slow-rules", "rules"]
    assert [bool(member) for member, _ in judges] == [False, True, True, False]


def test_other_runs_stand_beside_an_output(
    make_client: MakeClient, mixed: RunFolder, good: RunFolder
) -> None:
    client = make_client(mixed, good)
    page = text(client, "/r/mixed/output?sample=scenes/0-0&under=wrong-think")
    assert "The same sample in other runs" in page
    assert "/r/good/output?sample=scenes%2F0-0&amp;under=wrong-think" in page
    other = text(client, "/r/mixed/output?sample=scenes/0-0&under=wrong-think&foil=1")
    assert "This run has no such output" in other


def test_the_whole_text_is_a_link_away(client: TestClient, mixed: RunFolder) -> None:
    variant, generation, _ = next(one for one in mixed.joined() if one[0].prefill)
    answer = client.get(f"/r/mixed/text?sample={variant.sample.id}&under={variant.name}")
    assert answer.text == variant.prefill + generation.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@given(
    st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.dictionaries(
        st.sampled_from("ABCDE"), st.text(max_size=8), min_size=2
    )
)  # fmt: skip
def test_the_prompt_is_exact(
    question: str, caption: str, draft: str, options: dict[str, str]
) -> None:
    sample = Sample(
        id="toy/1", benchmark="toy", images=(), question=question, options=options,
        answer=min(options), cluster="1",
    )  # fmt: skip
    variant = shown(sample, caption=caption, draft=draft, prefill="<think>So", abstain=max(options))
    words = profile("default")
    found = turns(variant, words, TAGGED)
    by_role = {turn.role: "".join(piece.text for piece in turn.pieces) for turn in found}
    assert by_role["user"] == render_user(variant, words)
    assert by_role["assistant"] == "<think>So"
    user = next(turn for turn in found if turn.role == "user")
    injected = [piece.text for piece in user.pieces if piece.injected]
    assert injected == [part for part in (caption, options[max(options)], draft) if part]


# --- hostile and odd runs -------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path, sample: Sample) -> RunFolder:
    """Return a run in which every text is hostile, and pictures lie where they must not."""
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "hostile" / "images").mkdir(parents=True)
    (tmp_path / "hostile" / "images" / "a.svg").write_text("<svg><script>alert(1)</script></svg>")
    (tmp_path / "hostile" / "images" / "link.png").symlink_to(tmp_path / "secret.png")
    Image.new("RGB", (8, 8), "red").save(tmp_path / "hostile" / "images" / "ok.png")
    paths = ["../secret.png", str(tmp_path / "secret.png"), "images/a.svg", "images/link.png"]
    odd = sample.model_copy(
        update={
            "id": f"toy/{HOSTILE}",
            "question": HOSTILE,
            "category": HOSTILE,
            "options": dict.fromkeys("ABC", HOSTILE),
            "images": tuple(ImageRef(path=path) for path in (*paths, "run.json", "images/ok.png")),
        }
    )
    big = "A" * 1_000_000
    outputs = [
        (
            shown(odd, caption=HOSTILE, prefill=f"<think>{HOSTILE}", foil="A", asserts="A"),
            Generation(
                id=f"{odd.id}:base", status="stop", text=f"{HOSTILE}</think><answer>B</answer>"
            ),
        ),
        (
            shown(odd, "stop-think", draft=HOSTILE),
            Generation(id=f"{odd.id}:stop-think", status="error", text="", error=HOSTILE),
        ),
        (
            shown(odd, "wrong-caption"),
            Generation(id=f"{odd.id}:wrong-caption", status="length", text=f"<think>{big}"),
        ),
    ]
    return hand_made(tmp_path / "hostile", outputs)


def test_hostile_texts_are_shown_as_texts(make_client: MakeClient, hostile: RunFolder) -> None:
    client = make_client(hostile, reader="anna")
    addresses = ["/r/hostile", "/r/hostile/label", *rows(text(client, "/r/hostile"))]
    for address in addresses:
        page = text(client, address)
        assert page.count("<script") == 1  # the explorer's own file
        assert '<script src="/static/view.js" defer></script>' in page
        assert "<img src=x" not in page
        assert "onerror=alert(2)>" not in page.replace("onerror=alert(2)&gt;", "")
        assert not re.search("[\u202e\x00\x1b]", page)
        assert "{{ 7 * 7 }}" in page
        assert len(page) < 1_200_000
    assert any("⟨U+202E⟩" in text(client, address) for address in addresses)


def test_only_pictures_inside_the_run_folder_are_sent(
    make_client: MakeClient, hostile: RunFolder
) -> None:
    client = make_client(hostile)
    statuses = [client.get(f"/r/hostile/picture/0/{place}").status_code for place in range(6)]
    assert statuses == [404, 404, 404, 404, 404, 200]
    picture = client.get("/r/hostile/picture/0/5")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content == (hostile.folder / "images" / "ok.png").read_bytes()
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"):
        assert client.get(path).status_code == 404


def test_a_run_without_judge_letters_or_profile_says_so(
    make_client: MakeClient, hostile: RunFolder
) -> None:
    client = make_client(hostile)
    page = text(client, rows(text(client, "/r/hostile"))[0])
    assert "No judge was asked about it." in page
    assert "No letter distribution was recorded." in page
    assert "did not record its prompt profile" in page
    assert "picture 6 of 6" in page


def test_open_answers_are_shown(make_client: MakeClient, tmp_path: Path, sample: Sample) -> None:
    kinds = {
        "number": ("12", "13", "<answer>12</answer>"),
        "box": ("[0, 0, 10, 10]", "[50, 50, 60, 60]", "<answer>[50, 50, 60, 60]</answer>"),
        "text": ("a lamp", None, "<think>Hm.</think><answer>a lamp</answer>"),
    }
    outputs = [
        (
            shown(
                sample.model_copy(
                    update={"id": f"toy/{kind}", "options": {}, "answer": gold, "answer_kind": kind}
                ),
                foil=foil,
            ),
            Generation(id=f"toy/{kind}:base", status="stop", text=written),
        )
        for kind, (gold, foil, written) in kinds.items()
    ]
    client = make_client(hand_made(tmp_path / "open", outputs), reader="anna")
    page = text(client, "/r/open")
    chips = re.findall(r'<span class="chip (\w+)"', page)
    assert chips == ["right", "foil", "right"]
    for address in rows(page):
        text(client, address)
    assert "Nothing in this list has a thought and an answer to compare" in text(
        client, "/r/open/label"
    )


def test_several_outputs_of_a_prompt_are_told_apart(
    make_client: MakeClient, tmp_path: Path
) -> None:
    us.evaluate(
        model=f"{SCRIPTED}:Scripted,script=mixed",
        benchmarks="scenes,n=4",
        variants=["base", "wrong-think"],
        out=tmp_path / "draws",
        decoding={"n": 3, "temperature": 1.0},
        statistics={"resamples": 100},
    )
    client = make_client(RunFolder.open(tmp_path / "draws"))
    listed = rows(text(client, "/r/draws"))
    assert len(listed) == len(set(listed)) == 24
    page = text(client, listed[1])
    assert "3 outputs of this prompt" in page
    assert "output 2" in page


def test_a_link_of_a_report_leads_to_its_sample(
    mixed: RunFolder, good: RunFolder, make_client: MakeClient
) -> None:
    client = make_client(mixed, good)
    sample = next(good.joined())[0].sample.id
    address = explorer_address(1, sample)
    answer = client.get(urlsplit(address).path)
    assert answer.status_code == 200
    assert answer.url.path == "/r/good/output"
    assert parse_qs(answer.url.query.decode()) == {"sample": [sample]}
    assert sample in answer.text
    assert client.get(urlsplit(explorer_address(2, sample)).path).status_code == 404
    assert client.get(urlsplit(explorer_address(0, "no/such")).path).status_code == 404
