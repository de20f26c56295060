"""What both fronts say of a request, and the same request as curl."""

from __future__ import annotations

import shlex

import pytest

from regbrowse.exchange import (
    answer_lines,
    asked_for,
    curl_command,
    has_secrets,
    is_expected,
    received,
    status_word,
    took,
    totals,
)
from regbrowse.registry.models import Exchange

DIGEST = "sha256:" + "5861314d7fcc" + "0" * 52
URL = "https://one.example/v2/acme/app"
ASKED = (("Accept", "a/b, c/d"), ("Authorization", "Bearer ***"))


def test_a_request_as_curl() -> None:
    asked = Exchange("GET", f"{URL}/manifests/1.0", 200, 0.05, 1609, asked=ASKED)
    assert curl_command(asked) == (
        "curl -sSL \\\n  -H 'Accept: a/b, c/d' \\\n  -H 'Authorization: Bearer ***' \\\n"
        "  https://one.example/v2/acme/app/manifests/1.0"
    )
    assert has_secrets(asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Exchange("HEAD", URL, 200, 0, 0), ["-I", URL]),
        (Exchange("GET", URL, 200, 0, 0, unverified=True), ["-k", URL]),
        (Exchange("POST", URL, 200, 0, 0, form="a=b&password=***"), ["-d", "a=b&password=***", URL]),
        (Exchange("GET", f"{URL}?n=1&last=it's $(x)", 200, 0, 0), [f"{URL}?n=1&last=it's $(x)"]),
        (Exchange("GET", URL, 200, 0, 0, asked=(("Range", "it's"),)), ["-H", "Range: it's", URL]),
    ],
)
def test_a_shell_reads_what_was_sent(asked: Exchange, words: list[str]) -> None:
    assert shlex.split(curl_command(asked).replace("\\\n", " ")) == ["curl", "-sSL", *words]


@pytest.mark.parametrize(
    ("asked", "word", "time", "size"),
    [
        (Exchange("GET", URL, 200, 0.0384, 87), "200", "38 ms", "87 B"),
        (Exchange("GET", URL, 206, 0.99951, 65_536), "206", "1.0 s", "64.0 KiB"),
        (Exchange("GET", URL, None, 10.0, 0, "no answer", outcome="timed out"), "timed out", "10.0 s", ""),
        (Exchange("GET", URL, 200, 10.0, 5, "too slow", outcome="timed out"), "timed out", "10.0 s", "5 B"),
        (Exchange("GET", URL, None, 0.1, 0, "cancelled", outcome="cancelled"), "cancelled", "100 ms", ""),
        (Exchange("GET", URL, None, 0.0, 0, outcome="cache"), "cache", "", ""),
    ],
)
def test_how_it_ended(asked: Exchange, word: str, time: str, size: str) -> None:
    assert (status_word(asked), took(asked), received(asked)) == (word, time, size)
    assert len(word) <= 9


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Exchange("GET", f"{URL}/tags/list?n=1000", 200, 0, 0), "/v2/acme/app/tags/list?n=1000"),
        (Exchange("GET", f"{URL}/manifests/{DIGEST}", 200, 0, 0), "/v2/acme/app/manifests/sha256:5861314d7fcc…"),
        (
            Exchange("GET", f"{URL}/blobs/{DIGEST}", 206, 0, 0, "try 2", asked=(("Range", "bytes=0-9"),)),
            "/v2/acme/app/blobs/sha256:5861314d7fcc…  bytes 0-9  try 2",
        ),
        (
            Exchange("GET", "https://s3.example/x?sig=REDACTED", 200, 0, 0, "redirected", elsewhere=True),
            "s3.example/x?sig=REDACTED  redirected",
        ),
        (
            Exchange("GET", "https://a.example/token?scope=repository:a/b:pull", 200, 0, 0, "login", "token"),
            "token  scope repository:a/b:pull",
        ),
        (Exchange("POST", "https://a.example/token", 200, 0, 0, "login", "token", form="scope=x"), "token  scope x"),
        (Exchange("GET", URL, None, 0, 0, "cancelled", outcome="cancelled"), "/v2/acme/app"),
        (
            Exchange("GET", URL, None, 0, 0, "certificate refused", outcome="refused"),
            "/v2/acme/app  certificate refused",
        ),
    ],
)
def test_what_was_asked_for(asked: Exchange, said: str) -> None:
    assert asked_for(asked) == said


def test_a_404_that_most_registries_give_is_no_trouble() -> None:
    tag = DIGEST.replace(":", "-")
    assert is_expected(Exchange("GET", f"{URL}/referrers/{DIGEST}", 404, 0, 0, kind="referrers"))
    assert is_expected(Exchange("HEAD", f"{URL}/manifests/{tag}.sig", 404, 0, 0, kind="manifest"))
    assert not is_expected(Exchange("GET", f"{URL}/manifests/1.0", 404, 0, 0, kind="manifest"))
    assert not is_expected(Exchange("GET", f"{URL}/referrers/{DIGEST}", 500, 0, 0, kind="referrers"))


def test_the_answer_in_lines() -> None:
    headers = (("content-type", "a/b"),)
    assert answer_lines(Exchange("GET", URL, 200, 0, 0, answered=headers)) == ["200", "content-type: a/b"]
    assert answer_lines(Exchange("GET", URL, 200, 0, 0, outcome="timed out")) == ["timed out  after 200"]
    assert answer_lines(Exchange("GET", URL, None, 0, 0, outcome="cache")) == [
        "answered from the cache; nothing was sent"
    ]


def test_what_all_of_it_came_to() -> None:
    assert totals(38, 31, 98_714) == ["38 requests", "31 from cache", "96.4 KiB"]
    assert totals(1, 0, 0) == ["1 request", "0 B"]
