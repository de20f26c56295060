from __future__ import annotations

import pytest

from regbrowse.registry.client import Client
from regbrowse.registry.models import Exchange
from regbrowse.registry.transport.request_log import (
    MAX_ENTRIES,
    MAX_HEADER_CHARACTERS,
    MAX_WARNING_BYTES,
    RequestLog,
    Warnings,
    answered_headers,
    asked_form,
    asked_headers,
    warnings_in,
)
from support import images
from support.asking import here, hold
from support.fake_registry import FakeRegistry


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ('299 - "This registry moves."', ["This registry moves."]),
        (r'299 - "say \"hi\" \\ bye"', ['say "hi" \\ bye']),
        ('299 - "one", 299 - "two, too"', ["one", "two, too"]),
        ('  299 - "spaces"  ', ["spaces"]),
        ('299 - "with a date" "Tue, 15 Nov 1994 08:12:31 GMT"', ["with a date"]),
        ('199 - "another code"', []),
        ('299 host "not ours"', []),
        ('299 - "never closed', []),
        ('299 - ""', []),
        ("299 - bare", []),
        ("", []),
    ],
)
def test_forms(line: str, texts: list[str]) -> None:
    assert warnings_in([line]) == texts


def test_what_could_move_the_cursor_is_made_visible() -> None:
    assert warnings_in(['299 - "a\x1b[2Jb\u202ec"']) == ["a\\x1b[2Jb\\u202ec"]


def test_each_warning_is_kept_once_and_all_of_them_are_bounded() -> None:
    warnings = Warnings()
    for _ in range(3):
        warnings.add("one.example", ['299 - "old"', '299 - "older"'])
    warnings.add("one.example", [f'299 - "{"é" * (MAX_WARNING_BYTES // 2)}"', f'299 - "{"x" * 10_000}"'])
    for number in range(2000):
        warnings.add("two.example", [f'299 - "number {number}"'])
    assert warnings.of("one.example") == ("old", "older")
    assert sum(len(text.encode()) for text in warnings.of("two.example")) <= MAX_WARNING_BYTES
    assert len(warnings.of("two.example")) > 100
    assert warnings.of("three.example") == ()


def test_a_long_line_of_openings_is_read_quickly() -> None:
    assert warnings_in(['299 - "' + '\\"' * 30_000]) == []


def test_the_log_forgets_the_oldest_and_counts_all() -> None:
    log = RequestLog(lambda: 7.0)
    for number in range(MAX_ENTRIES + 3):
        log.add(Exchange("GET", f"https://one.example/{number}", 200, 0.1, 10))
    log.add_cached("GET", "blob", "https://one.example/x?sig=s3cr3t")
    assert (len(log), log.sent, log.cached, log.received) == (MAX_ENTRIES, MAX_ENTRIES + 3, 1, 10 * (MAX_ENTRIES + 3))
    assert log[0].number == 5
    assert log[-1] == Exchange(
        "GET", "https://one.example/x?sig=REDACTED", None, 0.0, 0, kind="blob", at=7.0, outcome="cache", number=504
    )
    assert [one.number for one in log[-2:]] == [503, 504]


def test_headers_that_make_the_question_without_the_login() -> None:
    sent = {"User-Agent": "x", "Accept": "a/b, c/d", "Authorization": "Bearer s3cr3t", "Range": "bytes=0-9"}
    assert asked_headers(sent) == (("Accept", "a/b, c/d"), ("Range", "bytes=0-9"), ("Authorization", "Bearer ***"))
    assert asked_headers({"authorization": "s3cr3t"}) == (("Authorization", "***"),)
    assert asked_headers({"authorization": "s3cr3t\x1b x"}) == (("Authorization", "***"),)


def test_the_form_of_a_token_request_without_the_login() -> None:
    form = b"grant_type=password&username=ann&password=s3cr3t&scope=repository%3Aa%2Fb%3Apull&odd=s3cr3t"
    assert asked_form(form) == "grant_type=password&username=***&password=***&scope=repository:a/b:pull&odd=***"


def test_main_headers_of_an_answer() -> None:
    headers = {
        "content-type": "a/b\x1b",
        "set-cookie": "s3cr3t",
        "location": "https://s3.example/x?sig=s3cr3t",
        "link": '</v2/a/tags/list?last=b&next=s3cr3t>; rel="next"',
        "www-authenticate": 'Bearer realm="https://ann:s3cr3t@auth.example/token?k=s3cr3t",service="x"',
        "retry-after": "x" * 100_000,
        "content-range": "abcdef123456",
    }
    shown = dict(answered_headers(headers, "Bearer abcdef123456"))
    assert shown.pop("retry-after") == "x" * (MAX_HEADER_CHARACTERS - 1) + "…"
    assert shown == {
        "content-type": "a/b\\x1b",
        "location": "https://s3.example/x?sig=REDACTED",
        "link": '</v2/a/tags/list?last=b&next=REDACTED>; rel="next"',
        "www-authenticate": 'Bearer realm="https://auth.example/token?k=REDACTED",service="x"',
    }


async def test_what_the_cache_answers_is_in_the_log(registry: FakeRegistry, client: Client) -> None:
    made = images.image()
    hold(registry, made)
    manifest = await client.manifest(here(registry), "it")
    sent = client.log.sent
    await client.manifest(here(registry), manifest.digest)
    last = client.log[-1]
    assert (last.outcome, last.kind, last.status) == ("cache", "manifest", None)
    assert (client.log.sent, client.log.cached) == (sent, 1)
    assert last.url == f"{registry.url}/v2/acme/app/manifests/{manifest.digest}"


async def test_a_manifest_costs_one_where_pulls_are_counted(registry: FakeRegistry, client: Client) -> None:
    hold(registry, images.image())
    await client.manifest(here(registry), "it")
    registry.extra_headers = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "99;w=21600")]
    registry.repository("acme/app").add(images.image("arm64"), "other")
    await client.head(here(registry), "other")
    await client.manifest(here(registry), "other")
    costs = [(one.method, one.cost) for one in client.log if one.kind == "manifest"]
    assert costs == [("GET", 0), ("HEAD", 0), ("GET", 1)]
    assert ("ratelimit-remaining", "99;w=21600") in client.log[-1].answered
    assert client.log[-1].at > 0
