"""Logging in, going without a login, http for a session, and waiting for limits: by keyboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual import events

from regbrowse.reference import Registry
from regbrowse.registry.client import Login, Secret, Settings
from regbrowse.settings.keychain import Keychain
from regbrowse.tui.app import RegbrowseApp
from support import images
from support.fake_registry import FakeRegistry, Fault
from support.tls_world import issue, secure
from tui.screen_driver import Driven, browsing

PASSWORD = "s3cr3t-canary-1"
WRONG = Login("ann", Secret("s3cr3t-canary-wrong"))


def filled(registry: FakeRegistry) -> None:
    registry.repository("acme/app").add(images.image(), "1.0")


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def typed(driven: Driven, text: str) -> None:
    await driven.press(*text)


async def test_logging_in_for_the_session(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    filled(registry)
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("401")
        await driven.shows("L  log in")
        await driven.press("L")
        await driven.shows("for this session only; never written to disk")
        await driven.shows("not encrypted")
        await typed(driven, "ann")
        await driven.press("enter")
        await typed(driven, PASSWORD)
        assert PASSWORD not in driven.text()
        await driven.press("enter")
        await driven.shows("1.0")
        await driven.shows("ann")
        assert PASSWORD not in driven.text()
    kept = written(tmp_path)
    assert PASSWORD.encode() not in kept
    assert b"ann" not in kept


async def test_a_refused_login_is_said_and_the_old_state_stays(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    filled(registry)
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("401")
        await driven.press("L")
        await driven.shows("password")
        await typed(driven, "ann")
        await driven.press("tab")
        await typed(driven, "nonsense")
        await driven.press("enter")
        await driven.shows("refused the credentials")
        await driven.shows("Connection")
        await driven.press("escape")
        await driven.lacks("Connection")
        await driven.shows("anonymous")


async def test_a_password_typed_at_once_behind_the_user_is_none_of_its_letters(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.auth = "basic"
    filled(registry)
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("401")
        await driven.press("L")
        await driven.shows("password")
        for key in ("a", "n", "n", "enter", *PASSWORD, "enter"):
            driven.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await driven.shows("1.0")
        await driven.shows("ann this session")


async def test_an_empty_form_sends_nothing(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    filled(registry)
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("401")
        await driven.press("L")
        await driven.shows("password")
        count = len(registry.asked)
        await driven.press("tab", "enter")
        await driven.shows("A user and a password (or token) are needed.")
        await driven.press("escape")
        await driven.lacks("Connection")
        assert len(registry.asked) == count


async def test_going_without_a_refused_login(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth, registry.public = "bearer", False
    filled(registry)
    settings = Settings(user=WRONG, registry=Registry.parse(registry.name), pause=0)
    async with browsing(f"{registry.name}/acme/app", tmp_path, settings=settings) as driven:
        await driven.shows("A  browse anonymously")
        registry.public = True
        await driven.press("A")
        await driven.shows("1.0")
        await driven.shows("anonymous")


async def test_a_limit_is_counted_down_and_asked_again(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    path = "/v2/acme/app/tags/list"
    registry.fault(path, Fault(429, b"{}", [("Retry-After", "840")], times=1))
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("It opens again in 14 min")
        await driven.shows("r  try now")
        pane = driven.screen.tags_pane
        assert pane.retry_at is not None
        pane.retry_at = time.monotonic()
        await driven.shows("1.0")
        assert pane.retry_at is None


async def test_waiting_for_a_limit_is_stopped_by_esc_and_ended_by_r(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    registry.fault("/v2/acme/app/tags/list", Fault(429, b"{}", [("Retry-After", "840")], times=1))
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("It opens again in 14 min")
        await driven.press("escape")
        await driven.lacks("It opens again")
        assert driven.screen.tags_pane.retry_at is None
        await driven.press("r")
        await driven.shows("1.0")


async def test_a_short_limit_is_waited_for_in_sight(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    registry.fault("/v2/acme/app/tags/list", Fault(429, b"{}", [("Retry-After", "50")], times=1))
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("is limiting")
        await driven.shows("Trying again in")
        await driven.shows("esc cancel")
        await driven.press("r")
        await driven.shows("1.0")


async def test_http_for_this_session(registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "is_loopback", property(lambda _: False))
    filled(registry)
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("H  use http for this session")
        assert registry.asked == []
        await driven.press("H")
        await driven.shows("1.0")
        await driven.shows("! not encrypted")


async def test_the_keys_are_not_offered_where_they_do_nothing(registry: FakeRegistry, tmp_path: Path) -> None:
    filled(registry)
    async with browsing(f"{registry.name}/acme/app", tmp_path) as driven:
        await driven.shows("1.0")
        assert not driven.offers("anonymous")
        assert not driven.offers("plain_http")
        await driven.press("A", "H")
        assert driven.offers("connection")


SLOW = """#!/bin/sh
read -r url
echo "pinentry: no tty" >&2
exit 1
"""


async def test_a_helper_that_wants_the_terminal_gets_it(
    registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its failure is said once, the dialog offers the terminal, and nothing is painted while it is lent."""
    registry.auth = "basic"
    filled(registry)
    helper = tmp_path / "bin" / "docker-credential-quiet"
    helper.parent.mkdir()
    helper.write_text(SLOW)
    helper.chmod(0o700)
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(f'{{"credHelpers": {{"{registry.name}": "quiet"}}}}')
    (tmp_path / ".docker" / "config.json").chmod(0o600)
    keychain = Keychain({"PATH": f"{helper.parent}:/usr/bin:/bin"}, tmp_path, uid=4_000_000)
    lent: list[bool] = []

    @contextmanager
    def suspend(_: RegbrowseApp) -> Iterator[None]:
        helper.write_text(SLOW.replace("exit 1", """echo '{"Username":"ann","Secret":"s3cr3t-canary-1"}'"""))
        yield

    in_foreground = keychain.in_foreground

    async def lending(registry: Registry) -> Login | None:
        lent.append(driven.app._batch_count > 0)
        return await in_foreground(registry)

    monkeypatch.setattr(keychain, "in_foreground", lending)

    monkeypatch.setattr(RegbrowseApp, "suspend", suspend)
    async with browsing(f"{registry.name}/acme/app", tmp_path, settings=Settings(pause=0, keychain=keychain)) as driven:
        await driven.shows("docker-credential-quiet failed")
        await driven.press("L")
        await driven.shows("ctrl+o ask the helper")
        await driven.shows("credential helper docker-credential-quiet")
        await driven.press("ctrl+o")
        await driven.shows("1.0")
        await driven.shows("ann")
        assert lent == [True]
        assert PASSWORD not in driven.text()


async def test_a_certificate_that_is_not_checked_is_said_all_the_time(tmp_path: Path) -> None:
    async with secure(tmp_path, issue(issuer=issue("nobody", authority=True))) as server:
        wanted = Settings(pause=0, insecure=frozenset({server.name}))
        async with browsing(f"{server.name}/acme/app", tmp_path, settings=wanted) as driven:
            await driven.shows("exists and is empty")
            await driven.shows("! certificate not checked")
            await driven.press("L")
            await driven.shows("anybody in between could read along")


async def test_one_goes_on_without_a_check_of_the_certificate(tmp_path: Path) -> None:
    async with (
        secure(tmp_path, issue(issuer=issue("nobody", authority=True))) as server,
        browsing(f"{server.name}/acme/app", tmp_path, size=(80, 24)) as driven,
    ):
        await driven.shows("not trust")
        await driven.shows("L  go on without")
        await driven.press("L")
        await driven.shows("ctrl+k do not check the certificate")
        await driven.press("ctrl+k")
        await driven.shows("exists and is empty")
        await driven.shows("! certificate not checked")
