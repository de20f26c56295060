"""Redirects: to storage that wants nothing from us, and to places we do not go."""

from __future__ import annotations

import pytest

from faults.answers import http, problem, redirect
from faults.asking import BLOB, BLOB_PATH, LIST, blob, listing
from faults.internet import Internet
from faults.rows import row
from faults.server import TRUTH, Misbehaving, Request
from faults.trial import trial
from regbrowse.errors import BadResponse, PolicyError, ServerError
from regbrowse.redact import Secret
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login

AREA = "Redirects"
RAW = BLOB.raw
ANN = Login("ann", Secret("s3cr3t-canary-1"))
SIGNED = "X-Amz-Signature=s3cr3t-canary-2"
PRIVATE_HEADERS = ("authorization", "cookie", "referer", "proxy-authorization", "x-meta-token")


@row(
    AREA,
    server="sends a blob to storage that writes down headers, then answers 401 with a challenge",
    client="sends no login, cookie or referer there, does not answer the challenge, and says that the storage refused",
)
@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_storage_that_asks_for_a_login(server: Misbehaving, other: Misbehaving, auth: str) -> None:
    server.truth.auth = "basic" if auth == "basic" else "bearer"
    server.on(BLOB_PATH, lambda one: redirect(f"{other.url}/x?{SIGNED}") if one.header("authorization") else TRUTH)
    other.on("/x", problem(401, "UNAUTHORIZED", headers=[("WWW-Authenticate", 'Basic realm="x"')]))
    settings = Settings(user=ANN, pause=0)
    seen = await trial([server, other], blob(server), at_most=8, settings=settings)
    assert isinstance(seen.error, ServerError)
    assert "The storage behind" in seen.why
    assert 1 <= other.count("/x") <= 2
    assert {one.path for one in other.asked} == {"/x"}
    assert not [name for one in other.asked for name, _ in one.headers if name in PRIVATE_HEADERS]


@row(AREA, server="redirects with 301, 302, 303, 307 or 308", client="follows to the content, the login stays behind")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_to_storage(server: Misbehaving, other: Misbehaving, status: int) -> None:
    server.truth.auth = "basic"
    server.on(BLOB_PATH, redirect(f"{other.url}/x?{SIGNED}", status, [("Set-Cookie", "a=s3cr3t-canary-3")]))
    other.on("/x", http(200, RAW, [("Set-Cookie", "b=c")]))
    seen = await trial([server, other], blob(server), at_most=4, settings=Settings(user=ANN, pause=0))
    assert seen.answer == RAW
    assert server.asked[-1].header("authorization")
    assert not [name for one in other.asked for name, _ in one.headers if name in PRIVATE_HEADERS]


@row(AREA, server="redirects to the same host on another port", client="treats that as somebody else")
async def test_another_port_is_another_origin(server: Misbehaving, other: Misbehaving) -> None:
    server.truth.auth = "basic"
    server.on(BLOB_PATH, redirect(f"{other.url}/back"))
    other.on("/back", redirect(f"{server.url}/again"))
    server.on("/again", http(200, RAW))
    seen = await trial([server, other], blob(server), at_most=5, settings=Settings(user=ANN, pause=0))
    assert seen.answer == RAW
    # Who was sent away does not get the login back, not even at home.
    assert not next(one for one in server.asked if one.path == "/again").header("authorization")


@row(
    AREA,
    server="`Location` with a user name, a backslash, a tab, `file:`, `ftp:`, `javascript:`, nothing, twice, or 20 KB",
    client="refuses it with the reason; nothing of it is asked",
)
@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("https://user:s3cr3t-canary-4@storage.example/x", "a user name in it"),
        ("https://storage.example\\@evil.example/x", "a backslash in it"),
        ("https://storage.example/a\tb", "control characters in it"),
        ("file:///etc/passwd", 'the scheme "file"'),
        ("ftp://storage.example/x", 'the scheme "ftp"'),
        ("javascript:alert(1)", 'the scheme "javascript"'),
        ("data:text/plain,x", 'the scheme "data"'),
        ("", "nothing in it"),
        ("#part", "nothing in it"),
        ("https://", "no host in it"),
        ("https://[::1/x", "an impossible host or port"),
        ("https://h:99999/x", "an impossible host or port"),
        ("https://h/" + "x" * 20_000, "more than 16,384 characters"),
        ("/a\r\nLocation: /b", "without saying where to"),
    ],
)
async def test_strange_locations(server: Misbehaving, location: str, word: str) -> None:
    server.on(BLOB_PATH, redirect(location))
    seen = await trial(server, blob(server), at_most=2)
    assert isinstance(seen.error, PolicyError)
    assert word in seen.why


@row(AREA, server="`Location` is relative, or names only a host", client="resolves it and goes by the rules")
@pytest.mark.parametrize("location", ["/moved", "../../../../../moved", "//{host}/moved", "/x/../moved"])
async def test_relative_locations(server: Misbehaving, location: str) -> None:
    server.on(BLOB_PATH, redirect(location.format(host=server.name)))
    server.on("/moved", http(200, RAW))
    seen = await trial(server, blob(server), at_most=3)
    assert seen.answer == RAW


@row(AREA, server="redirects in a circle, or for ever", client="notices, and stops after five at most")
async def test_redirects_without_end(server: Misbehaving) -> None:
    server.on(BLOB_PATH, redirect("/hop/a"))
    server.on("/hop/a", redirect("/hop/b"))
    server.on("/hop/b", redirect("/hop/a"))
    seen = await trial(server, blob(server), at_most=4)
    assert "in a circle" in seen.why
    numbers = iter(range(1000))
    server.on("/hop/*", lambda _: redirect(f"/hop/{next(numbers)}"))
    server.on("/hop/a", redirect("/hop/start"))
    server.on("/hop/b")
    seen = await trial(server, blob(server), at_most=7)
    assert "redirected 5 times" in seen.why


@row(AREA, server="redirects with 300, 304, 305 or without `Location`", client="does not follow")
@pytest.mark.parametrize("answer", [http(300), http(304), http(305, b"", [("Location", "/x")]), http(307)])
async def test_redirects_that_are_none(server: Misbehaving, answer: bytes) -> None:
    server.on(BLOB_PATH, answer)
    seen = await trial(server, blob(server), at_most=2)
    assert isinstance(seen.error, BadResponse | PolicyError)


@row(
    AREA,
    server="the signed address of the storage has expired: 403 or 400 with XML",
    client="asks the registry once for a new one",
)
@pytest.mark.parametrize("status", [400, 401, 403])
async def test_expired_addresses(server: Misbehaving, other: Misbehaving, status: int) -> None:
    numbers = iter(range(100))
    server.on(BLOB_PATH, lambda _: redirect(f"{other.url}/x?{SIGNED}{next(numbers)}"))
    expired = http(status, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
    other.on("/x", expired, http(200, RAW))
    seen = await trial([server, other], blob(server), at_most=5)
    assert seen.answer == RAW
    other.on("/x", expired)
    seen = await trial([server, other], blob(server), at_most=5)
    assert isinstance(seen.error, ServerError)
    assert getattr(seen.error, "evidence").codes == ("AccessDenied",)  # noqa: B009


@row(
    AREA,
    server="a public registry redirects to an address of this machine or a private network, however it is spelled",
    client="refuses; nobody inside is asked",
)
@pytest.mark.parametrize(
    "inner",
    ["127.0.0.1:{port}", "localhost:{port}", "10.0.0.5", "169.254.169.254", "[::1]:{port}", "[::ffff:10.0.0.5]",
     "127.1:{port}", "0x7f.1:{port}", "2130706433:{port}", "0.0.0.0:{port}", "100.64.0.1", "[64:ff9b::a00:5]"],
)  # fmt: skip
async def test_redirects_inside(server: Misbehaving, other: Misbehaving, net: Internet, inner: str) -> None:
    net.place("registry.example.com", 80, server.port)
    server.on(BLOB_PATH, redirect(f"http://{inner.format(port=other.port)}/x"))
    settings = Settings(pause=0, plain_http=frozenset({"registry.example.com:80"}))
    seen = await trial([server, other], blob("registry.example.com:80"), at_most=4, settings=settings)
    assert isinstance(seen.error, PolicyError)
    assert "internal address" in seen.why
    assert not other.asked


@row(
    AREA,
    server="a public registry redirects to a public name that resolves to an inner address",
    client="refuses to connect",
)
async def test_redirects_to_names_that_lead_inside(server: Misbehaving, other: Misbehaving, net: Internet) -> None:
    net.place("registry.example.com", 80, server.port)
    net.place("rebound.example.com", 80, other.port, "127.0.0.7")
    server.on(BLOB_PATH, redirect("http://rebound.example.com/x"))
    settings = Settings(pause=0, plain_http=frozenset({"registry.example.com:80"}))
    seen = await trial([server, other], blob("registry.example.com:80"), at_most=6, settings=settings)
    assert isinstance(seen.error, PolicyError)
    assert not other.asked


@row(AREA, server="`Set-Cookie` on every answer", client="never sends a cookie")
async def test_cookies(server: Misbehaving) -> None:
    server.truth.auth = "bearer"
    server.truth.extra_headers = [("Set-Cookie", "session=s3cr3t-canary-5; Path=/")]
    server.truth.repository("acme/app").listed = ["1", "2", "3"]
    server.truth.page_size = 1
    seen = await trial(server, listing(server), at_most=6)
    assert seen.answer == ["1", "2", "3"]
    assert server.count(LIST) >= 3
    assert not any(one.header("cookie") for one in server.asked)


@row(
    AREA,
    server="every address redirects to a login page (a captive portal)",
    client="says in one sentence that a web page is in between; nothing private goes there",
)
async def test_captive_portals(server: Misbehaving, other: Misbehaving, net: Internet) -> None:
    net.place("login.portal.example", 80, other.port)

    def portal(_: Request) -> bytes:
        return redirect("http://login.portal.example/", 302)

    server.on("/*", portal)
    other.on("/*", http(200, "<html><title>Hotel Wi-Fi</title>"))
    seen = await trial([server, other], listing(server), at_most=8, settings=Settings(user=ANN, pause=0))
    assert "in between" in seen.why
    assert not [name for one in other.asked for name, _ in one.headers if name in PRIVATE_HEADERS]
