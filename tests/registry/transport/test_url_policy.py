"""Addresses that servers give: which are read in one way only, and where they lead."""

from __future__ import annotations

import httpx
import pytest

from regbrowse.registry.transport.url_policy import origin_of, problem_with, same_origin


@pytest.mark.parametrize(
    "url",
    [
        "https://[2001:db8::1]8443/",
        "https://registry.example[::1]/",
        "https://[::1]registry.example/",
        "https://[v1.a]/",
        "https://user@h/",
        "https://h\\@evil/",
        "https://h:99999/",
        "https://h:8x/",
        "https:///nobody",
        "https:nobody",
        "file:///etc/passwd",
        "//u:p@h/",
        "https://h/\t",
        "#only",
        "",
    ],
)
def test_what_two_programs_may_read_in_two_ways_is_refused(url: str) -> None:
    assert problem_with(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://[2001:db8::1]:8443/a", "https://[2001:db8::1]/", "https://H.Example./", "https://h:/", "https://h:443/",
        "http://h:80/x?y=[z]", "https://127.0.0.1:5000/", "https://a_b.example/",
    ],
)  # fmt: skip
def test_an_address_leads_where_httpx_goes(url: str) -> None:
    assert problem_with(url) == ""
    seen = httpx.URL(url)
    port = seen.port or {"http": 80, "https": 443}[seen.scheme]
    assert origin_of(url) == (seen.scheme, seen.host.rstrip("."), port)


def test_one_origin_has_many_spellings() -> None:
    assert same_origin("https://h/a", "HTTPS://H.:443/b")
    assert not same_origin("https://h/", "https://h:8443/")
    assert not same_origin("https://h/", "http://h/")
    assert not same_origin("https://h:443/", "http://h:443/")
