"""Proxies: which variable counts, what is no proxy, and who is reached without one."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.redact import Secret
from regbrowse.settings.files import Notices
from regbrowse.settings.proxies import Proxies, Proxy, parse_proxy, read_proxies

PROXY = "http://proxy.example.com:3128"


def read(**environ: str) -> tuple[Proxies, tuple[str, ...]]:
    notices = Notices()
    return read_proxies(environ, notices), notices.all


def url(proxies: Proxies, host: str = "registry.example.com", scheme: str = "https", port: int = 443) -> str:
    found = proxies.find(scheme, host, port)
    return found.url if found else ""


def test_nothing_set() -> None:
    proxies, notices = read()
    assert (url(proxies), notices) == ("", ())


@pytest.mark.parametrize(
    ("environ", "https", "http", "variable"),
    [
        ({"HTTPS_PROXY": PROXY}, PROXY, "", "HTTPS_PROXY"),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY, "", "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": PROXY}, "", "", ""),
        ({"ALL_PROXY": PROXY}, PROXY, PROXY, "ALL_PROXY"),
        ({"ALL_PROXY": "http://other:1", "HTTPS_PROXY": PROXY}, PROXY, "http://other:1", "HTTPS_PROXY"),
        ({"HTTP_PROXY": PROXY}, "", PROXY, ""),
        ({"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, "", PROXY, ""),
        ({"HTTPS_PROXY": "http://[bad", "ALL_PROXY": PROXY}, PROXY, PROXY, "ALL_PROXY"),
    ],
)
def test_which_variable_counts(environ: dict[str, str], https: str, http: str, variable: str) -> None:
    proxies, _ = read(**environ)
    assert url(proxies) == https
    assert url(proxies, scheme="http", port=80) == http
    found = proxies.find("https", "registry.example.com", 443)
    assert (found.variable if found else "") == variable


def test_a_web_request_cannot_name_a_proxy() -> None:
    proxies, notices = read(HTTP_PROXY=PROXY, REQUEST_METHOD="GET")
    assert url(proxies, scheme="http", port=80) == ""
    assert notices == ("Ignoring HTTP_PROXY: REQUEST_METHOD is set, so a web request may have written it.",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("proxy.example.com", "http://proxy.example.com:80"),
        ("proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("https://Proxy.Example.com/", "https://proxy.example.com:443"),
        ("http://10.0.0.1:8080/path", "http://10.0.0.1:8080"),
        ("http://[fd00::1]:8080", "http://[fd00::1]:8080"),
        ("http://[fd00::1]", "http://[fd00::1]:80"),
    ],
)
def test_proxies_have_a_port(value: str, expected: str) -> None:
    assert url(read(HTTPS_PROXY=value)[0]) == expected


def test_the_login_leaves_the_address() -> None:
    proxy = parse_proxy("http://me%40corp:canary%2Fpass@proxy.example.com:3128", "HTTPS_PROXY")
    assert proxy == Proxy(PROXY, "me@corp", Secret("canary/pass"), "HTTPS_PROXY")
    assert isinstance(proxy, Proxy)
    assert "canary" not in repr(proxy)
    assert proxy.address == "proxy.example.com:3128"
    bare = parse_proxy("http://me@proxy.example.com:3128", "HTTPS_PROXY")
    assert isinstance(bare, Proxy)
    assert (bare.user, bare.password) == ("me", None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("http://[bad", "it is not a URL with a valid host and port"),
        ("http://proxy:canary", "it is not a URL with a valid host and port"),
        ("http://proxy:99999", "it is not a URL with a valid host and port"),
        ("http://me:canary#1@proxy:3128", "it is not a URL with a valid host and port"),
        ("http://proxy:0", "its port is not a number from 1 to 65535"),
        ("ftp://canary@proxy", "its scheme is none of http, https, socks5 and socks5h"),
        ("http://", "it has no host"),
        ("http://me:canary@", "it has no host"),
        ("http://pröxy", "its host is neither a name nor an address"),
        ("http://pro xy", "it has a space or control character in it"),
        ("http://proxy\x1b[2J", "it has a space or control character in it"),
        ("http://" + "a" * 70_000, "it has more than 65,536 characters"),
    ],
)
def test_what_is_no_proxy_is_named_and_shows_nothing(value: str, reason: str) -> None:
    proxies, notices = read(HTTPS_PROXY=value)
    assert notices == (f"Ignoring HTTPS_PROXY: {reason}.",)
    assert url(proxies) == ""


def test_socks_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "socksio" else object())
    proxies, notices = read(ALL_PROXY="socks5://127.0.0.1")
    assert url(proxies) == ""
    assert notices == (
        "Ignoring ALL_PROXY: SOCKS proxies need the Python package socksio, which is not installed;"
        " install it beside regbrowse or name an http proxy.",
    )


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_with_its_package(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    proxies, notices = read(ALL_PROXY=f"{scheme}://127.0.0.1")
    assert (url(proxies), notices) == (f"{scheme}://127.0.0.1:1080", ())


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "169.254.169.254", "fe80::1",
     "fe80::1%eth0", "::ffff:127.0.0.1", "0.0.0.0", "::"],
)  # fmt: skip
def test_what_is_near_is_reached_directly(host: str) -> None:
    assert url(read(ALL_PROXY=PROXY)[0], host) == ""


@pytest.mark.parametrize(
    ("entry", "direct", "proxied"),
    [
        ("*", ["registry.example.com", "10.0.0.1"], []),
        ("x, *", ["registry.example.com"], []),
        ("example.com", ["example.com", "a.example.com", "b.a.EXAMPLE.com."], ["badexample.com", "example.com.evil"]),
        (".example.com", ["a.example.com"], ["example.com", "badexample.com"]),
        ("*.example.com", ["a.example.com"], ["example.com"]),
        ("Example.COM", ["example.com"], []),
        ("example.com:443", ["example.com", "a.example.com"], []),
        ("example.com:5000", [], ["example.com"]),
        ("10.0.0.1", ["10.0.0.1", "::ffff:10.0.0.1"], ["10.0.0.11", "a10.0.0.1"]),
        ("10.0.0.1:5000", [], ["10.0.0.1"]),
        ("10.0.0.0/8", ["10.9.9.9"], ["11.0.0.1", "ten.example.com"]),
        ("10.1.2.3/8", ["10.9.9.9"], ["11.0.0.1"]),
        ("fd00::/8", ["fd12::1", "[fd12::1]"], ["fe00::1", "10.0.0.1"]),
        ("fd00::1", ["fd00::1"], ["fd00::2"]),
        ("[fd00::1]", ["fd00::1"], ["fd00::2"]),
        ("[fd00::1]:443", ["fd00::1"], ["fd00::2"]),
        ("[fd00::1]:5000", [], ["fd00::1"]),
        ("::1/128", [], ["example.com"]),
        ("a.example, ,b.example other", ["a.example", "b.example", "other"], ["c.example"]),
    ],
)
def test_no_proxy(entry: str, direct: list[str], proxied: list[str]) -> None:
    proxies, notices = read(HTTPS_PROXY=PROXY, NO_PROXY=entry)
    assert notices == ()
    assert [host for host in direct if url(proxies, host)] == []
    assert [host for host in proxied if not url(proxies, host)] == []


def test_no_proxy_in_lower_case_wins() -> None:
    proxies, _ = read(HTTPS_PROXY=PROXY, NO_PROXY="*", no_proxy="other.example")
    assert url(proxies) == PROXY


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("10.0.0.0/99", '"10.0.0.0/99" is not a network'),
        ("example.com/path", '"example.com/path" is not a network'),
        ("https://example.com", '"https://example.com" is a URL; write the host alone'),
        ("example.com:99999", '"example.com:99999" has an impossible port'),
        ("me:canary@example.com", "an entry has a user name in it"),
        ("[bad", '"[bad" is neither a host nor a network'),
        ("exa\x1bmple", '"exa\\x1bmple" is neither a host nor a network'),
    ],
)
def test_wrong_entries_are_named_and_the_rest_counts(entry: str, reason: str) -> None:
    proxies, notices = read(HTTPS_PROXY=PROXY, NO_PROXY=f"{entry},other.example")
    assert notices == (f"Ignoring a part of NO_PROXY: {reason}.",)
    assert url(proxies, "other.example") == ""
    assert url(proxies) == PROXY


def test_long_lists_are_cut() -> None:
    proxies, notices = read(HTTPS_PROXY=PROXY, NO_PROXY=",".join(f"h{n}" for n in range(1001)))
    assert notices == ("Ignoring the end of NO_PROXY: it has more than 1,000 entries.",)
    assert (url(proxies, "h999"), url(proxies, "h1000")) == ("", PROXY)
    _, notices = read(HTTPS_PROXY=PROXY, NO_PROXY="x," + "a" * 70_000)
    assert notices == ("Ignoring the end of NO_PROXY: it has more than 65,536 characters.",)


@given(st.text(), st.text(), st.text())
def test_any_text_is_survived(proxy: str, exceptions: str, host: str) -> None:
    proxies, _ = read(HTTPS_PROXY=f"http://{proxy}", ALL_PROXY=proxy, HTTP_PROXY=PROXY, NO_PROXY=exceptions)
    for scheme in ("http", "https"):
        proxies.find(scheme, host, 443)
