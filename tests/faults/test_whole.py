"""The whole program in front of servers that misbehave: no traceback, keys are answered, esc ends it, nothing leaks."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from faults.answers import as_json, http, problem, redirect
from faults.asking import BLOB, LIST, MADE
from faults.machine import helper, keychain, network, settings
from faults.rows import row
from faults.server import TRUTH, Drip, End, Gate, Misbehaving, Part, Request, Script
from faults.trial import CANARY, check_requests
from regbrowse.redact import Secret
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login
from support import images
from tui.screen_driver import Driven, browsing

AREA = "The whole program"
HOSTILE = (
    "\x1b[31mred\x1b]52;c;aGk=\x07\x1b]8;;http://x\x07 [bold]x[/x] [@click=app.quit]q[/]"
    " \u202eevil\u200b\x9b2J\u2028\x00\ud800"
)
FORBIDDEN = {"\x1b", "\x07", "\u202e", "\u200b", "\x9b", "\u2028", "\x00", "\ud800"}
KEYS = ("down", "up", "2", "down", "3", "4", "down", "1")


@asynccontextmanager
async def program(
    server: Misbehaving, folder: Path, *, made: Settings | None = None, place: str = "", most: int = 60
) -> AsyncIterator[Driven]:
    """The program on `acme/app`; when it has ended, everything that must hold is checked."""
    unseen: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unseen.append(context))
    try:
        reference = place or f"{server.name}/acme/app"
        async with browsing(reference, folder, settings=made or Settings(pause=0), size=(140, 40)) as driven:
            yield driven
            assert driven.app.is_running
            shown = driven.text() + driven.app.export_screenshot()
            assert not FORBIDDEN & set(shown)
            assert CANARY not in shown
            assert driven.app.clipboard == ""
    finally:
        loop.set_exception_handler(None)
    assert not unseen, unseen
    check_requests(server)
    assert len(server.asked) <= most


async def responsive(driven: Driven) -> None:
    """Every key is answered in time, a slow machine allowed for."""
    times = []
    for key in KEYS:
        started = time.monotonic()
        await driven.press(key)
        times.append(time.monotonic() - started)
    assert statistics.median(times) < 0.6, times


@row(
    AREA,
    server="tags, labels, annotations, history, errors with ESC, OSC 52, OSC 8, CSI, bidi, markup, NUL, surrogates",
    client="shows them escaped; terminal, clipboard and program are unaffected",
)
async def test_hostile_text(server: Misbehaving, tmp_path: Path) -> None:
    layer = images.layer({"a": b"1"})
    labels = {HOSTILE: HOSTILE, "big": "x" * 1_000_000, "zalgo": "e" + "\u0301" * 10_000}
    made = images.config(layers=(layer,), history=[{"created_by": f"RUN {HOSTILE}"}], config={"Labels": labels})
    config = images.Made(json.dumps(json.loads(made.raw) | {"author": HOSTILE}).encode(), made.media_type)
    value = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": config.descriptor(),
        "layers": [layer.descriptor(mediaType=HOSTILE)], "annotations": {HOSTILE: HOSTILE},
    }  # fmt: skip
    image = images.Made(images.dump(value), images.OCI_MANIFEST, (config, layer), True)
    repository = server.truth.repository("acme/app")
    repository.add(image, "1.0")
    repository.listed = [HOSTILE, "[bold]", "1.0", "tag[/foo]", None]
    async with program(server, tmp_path, place=f"{server.name}/acme/app:1.0") as driven:
        await driven.until(lambda: driven.screen.opened.config_pane.row_count() > 3, "the config")
        await responsive(driven)
        await driven.press("3", "enter", "escape", "4", "G", "g", "enter", "escape", "question_mark", "escape")
    server.on(LIST, problem(500, HOSTILE, HOSTILE))
    async with program(server, tmp_path) as driven:
        await driven.shows("× 500")
        await responsive(driven)


@row(AREA, server="needs a login that nobody has", client="says so, stays usable, and comes back when it is open again")
async def test_login_needed(server: Misbehaving, tmp_path: Path) -> None:
    server.truth.auth, server.truth.public = "bearer", False
    server.truth.repository("acme/app").add(MADE, "1.0")
    async with program(server, tmp_path) as driven:
        await driven.shows("× 401")
        await responsive(driven)
        server.truth.public = True
        await driven.press("1", "r")
        await driven.shows("1.0")


@row(AREA, server="asks for a login for ever", client="stops asking, and says so")
async def test_login_loop(server: Misbehaving, tmp_path: Path) -> None:
    server.truth.auth, server.truth.insatiable = "bearer", True
    server.truth.repository("acme/app").add(MADE, "1.0")
    async with program(server, tmp_path, most=12) as driven:
        await driven.shows("× 401")
        await responsive(driven)


@row(AREA, server="429 for a minute", client="counts down, stays usable, asks nothing meanwhile; a key asks at once")
async def test_limits(server: Misbehaving, tmp_path: Path) -> None:
    server.truth.repository("acme/app").add(MADE, "1.0")
    server.on(LIST, problem(429, "TOOMANYREQUESTS", headers=[("Retry-After", "600")]), TRUTH)
    async with program(server, tmp_path) as driven:
        await driven.shows("It opens again in")
        asked = server.count(LIST)
        await responsive(driven)
        assert server.count(LIST) == asked == 1
        await driven.press("1", "r")
        await driven.shows("1.0")


@row(AREA, server="the network is lost while browsing", client="keeps what is on the screen, says why, and recovers")
async def test_network_lost(server: Misbehaving, tmp_path: Path) -> None:
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1.0")
    repository.add(images.image(architecture="arm64"), "2.0")
    async with program(server, tmp_path, place=f"{server.name}/acme/app:1.0", most=80) as driven:
        await driven.until(lambda: driven.screen.opened.config_pane.row_count() > 3, "the config")
        server.on("/*", End.RESET)
        await driven.press("1", "r")
        await driven.until(lambda: driven.screen.tags_pane.error is not None, "an error")
        assert "1.0" in driven.text()
        await responsive(driven)
        server.on("/*", TRUTH)
        await driven.press("1", "r")
        await driven.until(lambda: driven.screen.tags_pane.error is None, "no error")
        await driven.shows("2.0")


@row(
    AREA,
    server="drips, or never answers",
    client="keys are answered; esc ends it within a second and closes the connection",
)
@pytest.mark.parametrize("how", ["silence", "drip"])
async def test_esc(server: Misbehaving, tmp_path: Path, how: str) -> None:
    slow: list[Part] = [http(200, b"", [("Content-Length", "100000")], length=False), Drip(b" ", loop=True)]
    script: Script = Gate() if how == "silence" else slow
    server.on(LIST, script)
    async with program(server, tmp_path) as driven:
        await driven.until(lambda: server.count(LIST), "the question")
        await responsive(driven)
        started = time.monotonic()
        await driven.press("1", "escape")
        await asyncio.wait_for(server.gone.wait(), 2)
        assert time.monotonic() - started < 2
        await driven.shows("stopped")


@row(AREA, server="sends new tags without end", client="keys are answered while they come; the list pauses")
async def test_tags_without_end(server: Misbehaving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regbrowse.registry.listing.pagination.SOFT_CAP", 20_000)
    numbers = iter(range(10_000))

    def answer(_: Request) -> Script:
        at = next(numbers)
        tags = [f"{at}.{number}.0" for number in range(1000)]
        return as_json({"tags": tags}, headers=[("Link", f"<{LIST}?last={at}>; rel=next")])

    server.on(LIST, answer)
    server.on("/v2/acme/app/manifests/*", problem(404))
    async with program(server, tmp_path, most=400) as driven:
        await driven.until(lambda: "0.999.0" in driven.text() or server.count(LIST) > 2, "tags")
        await responsive(driven)
        await driven.shows("20,000")
        assert server.count(LIST) <= 21


@row(AREA, server="a sparse index: one platform is 404, one 403, one 500", client="marks each row; the others work")
async def test_sparse_index(server: Misbehaving, tmp_path: Path) -> None:
    made = [images.image(architecture=name) for name in ("amd64", "arm64", "s390x", "ppc64le")]
    server.truth.repository("acme/app").add(images.index(*made), "1.0")
    for each, status in zip(made[1:], (404, 403, 500), strict=True):
        server.on(f"/v2/acme/app/manifests/{each.digest}", problem(status, "X"))
    async with program(server, tmp_path, place=f"{server.name}/acme/app:1.0", most=80) as driven:
        await driven.until(lambda: driven.screen.opened.config_pane.row_count() > 3, "the config")
        await driven.shows("linux/arm64")
        await responsive(driven)
        for _ in made:
            await driven.press("2", "down", "enter")
        assert "linux/ppc64le" in driven.text()


@row(
    AREA,
    server="secrets are everywhere: password, token, signed address, helper, proxy, error words of the login service",
    client="none of them is on the screen, in a picture of it, in a file, or in what the program remembers",
)
async def test_canaries(server: Misbehaving, other: Misbehaving, tmp_path: Path) -> None:
    server.truth.auth, server.truth.public = "bearer", False
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1.0")
    config = MADE.below[0]
    server.on(
        f"/v2/acme/app/blobs/{config.digest}",
        lambda one: (
            redirect(f"{other.url}/x?X-Amz-Signature=s3cr3t-canary-2") if one.header("authorization") else TRUTH
        ),
    )
    other.on("/x", http(200, config.raw), http(403, "<Error><Code>X</Code><Message>gone</Message></Error>"))
    home = tmp_path / "home"
    helper(home, "mine", """cat >/dev/null; printf '{"Username":"ann","Secret":"s3cr3t-canary-1"}'; echo canary >&2""")
    keys = keychain(home, credHelpers={server.name: "mine"})
    proxied = network(tmp_path, {"HTTPS_PROXY": "http://ann:s3cr3t-canary-4@127.0.0.1:1"})
    memory = tmp_path / "memory"
    memory.mkdir()
    made = settings(proxied, keys, cache_folder=memory / "cache", state_folder=memory / "state")
    right = Login("ann", Secret("s3cr3t-canary-1"))
    async with program(
        server, memory, made=settings(proxied, keys, cache_folder=memory / "cache", user=right)
    ) as driven:
        await driven.shows("1.0")
        await driven.press("enter")
        await driven.until(lambda: driven.screen.opened.config_pane.row_count() > 3, "the config")
        for key in ("2", "3", "4", "question_mark", "escape", "L"):
            await driven.press(key)
            assert CANARY not in driven.text()
        await driven.press("escape")
    other.on("/x", http(403, "<Error><Code>X</Code><Message>expired</Message></Error>"))
    server.on("/token", http(401, '{"details":"wrong"}'))
    async with program(server, memory, made=made) as driven:
        await driven.shows("401")
    for path in memory.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


@row(AREA, server="anything at all, while the program is told to quit", client="ends at once, whatever is under way")
@pytest.mark.parametrize("script", [Gate(), [http(200, b"[", length=False), Drip(b" ", loop=True)], End.RESET])
async def test_quitting(server: Misbehaving, tmp_path: Path, script: Script) -> None:
    server.on(LIST, script)
    started = time.monotonic()
    async with program(server, tmp_path) as driven:
        await driven.until(lambda: server.count(LIST), "the question")
        started = time.monotonic()
    assert time.monotonic() - started < 3


@row(AREA, server="answers as it should, and writes down every request", client="asks each object once, and only asks")
async def test_recorder(server: Misbehaving, tmp_path: Path) -> None:
    server.truth.auth = "bearer"
    repository = server.truth.repository("acme/app")
    repository.add(images.index(MADE, images.image(architecture="arm64")), "1.0", "latest")
    repository.blobs[BLOB.digest] = BLOB.raw
    async with program(server, tmp_path, place=f"{server.name}/acme/app:1.0") as driven:
        await driven.until(lambda: driven.screen.opened.config_pane.row_count() > 3, "the config")
        await responsive(driven)
        await driven.press("1", "down", "up", "enter")
        await driven.shows("linux/arm64")
    read = [
        one.target for one in server.asked if one.method == "GET" and ("sha256:" in one.path or "/blobs/" in one.path)
    ]
    assert len(read) == len(set(read)), read
    assert {one.method for one in server.asked} <= {"GET", "HEAD", "POST"}
