"""Who may ask for what: other hosts, other sites and forms of others are refused."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.view.conftest import ADDRESS, MakeClient

from unswayed.run.folder import RunFolder
from unswayed.view.guard import is_own_form, is_own_host


@pytest.mark.parametrize(
    ("host", "bound", "own"),
    [
        ("127.0.0.1:8765", "127.0.0.1", True),
        ("localhost:9000", "127.0.0.1", True),
        ("LOCALHOST.", "127.0.0.1", True),
        ("[::1]:8765", "::1", True),
        ("evil.example:8765", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("127.0.0.1@evil.example", "127.0.0.1", False),
        ("127.0.0.1:8765:1", "127.0.0.1", False),
        ("127.0.0.1:evil", "127.0.0.1", False),
        ("192.168.0.7:8765", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        ("", "0.0.0.0", False),
        ("node7:8765", "node7", True),
        ("192.168.0.7:8765", "0.0.0.0", True),
        ("[fe80::1]:8765", "::", True),
        ("evil.example", "0.0.0.0", False),
    ],
)
def test_a_host_is_the_explorers_own_or_refused(host: str, bound: str, own: bool) -> None:
    assert is_own_host(host, bound) == own


@pytest.mark.parametrize("address", ["/", "/r/mixed", "/r/mixed/picture/0/0", "/static/view.js"])
def test_a_name_that_was_rebound_gets_nothing(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"host": "evil.example:8765"}, follow_redirects=False)
    assert answer.status_code == 403
    assert "evil" not in answer.text


@pytest.mark.parametrize("address", ["/r/mixed", "/r/mixed/picture/0/0", "/r/mixed/nothing", "/x"])
def test_every_answer_has_the_headers_of_a_guarded_page(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_pages_have_no_script_style_or_handler_of_their_own(client: TestClient) -> None:
    for address in ("/", "/r/mixed", "/r/mixed/output?sample=scenes/0-0&under=base", "/labels"):
        page = client.get(address).text
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert "javascript:" not in page


def test_what_another_site_asks_for_is_refused_unless_it_is_a_visit(client: TestClient) -> None:
    embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client.get("/r/mixed/picture/0/0", headers=embedded).status_code == 403
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/r/mixed", headers=visit).status_code == 200
    assert client.post("/r/mixed/label", headers=visit).status_code == 403


def test_a_form_needs_the_token_of_this_process(make_client: MakeClient, mixed: RunFolder) -> None:
    client = make_client(mixed, reader="anna")
    form = {"sample": "scenes/0-0", "under": "base", "concludes": "A", "consistent": "yes"}
    for token in ({}, {"token": ""}, {"token": "guess"}):
        assert client.post("/r/mixed/label", data=form | token).status_code == 403
    assert client.post("/r/mixed/label", json=form).status_code == 415
    assert client.post("/r/mixed/label", data={"note": "x" * 70_000}).status_code == 413
    assert client.put("/r/mixed/label").status_code == 405


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, True),
        ({"origin": ADDRESS}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://127.0.0.1:1"}, False),
        ({"sec-fetch-site": "same-origin", "origin": ADDRESS}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_form_of_another_origin_is_refused_with_the_right_token(
    headers: dict[str, str], own: bool
) -> None:
    asked = {"host": "127.0.0.1:8765", **headers}
    assert is_own_form(asked, "token", "token") == own
    assert not is_own_form(asked, "tökén", "token")
