"""A bug of our own, met while secrets are at hand: what the program says when it ends must not hold them."""

from __future__ import annotations

import io
from base64 import b64encode
from pathlib import Path

import pytest

from faults.rows import row
from faults.server import Misbehaving
from faults.trial import CANARY
from regbrowse.redact import Secret
from regbrowse.registry.models import Settings
from regbrowse.registry.requests import Request, Response
from regbrowse.registry.transport.transport import Transport
from regbrowse.settings.login import Login
from regbrowse.tui.app import RegbrowseApp
from tui.screen_driver import browsing

AREA = "The whole program"
PASSWORD = "s3cr3t-canary-1"


@row(
    AREA,
    server="a bug ends the program while a password is on its way",
    client="says where it was, without any value",
)
async def test_crash(server: Misbehaving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.truth.auth = "basic"
    server.truth.repository("acme/app").listed = ["1.0"]
    really = Transport.send
    said = io.StringIO()

    async def send(self: Transport, question: Request, url: str, authorization: str = "") -> Response:
        if authorization:
            raise ZeroDivisionError("a bug of ours")
        return await really(self, question, url, authorization)

    def listen(self: RegbrowseApp) -> None:
        self.error_console.file = said
        print_them(self)

    print_them = RegbrowseApp._print_error_renderables
    monkeypatch.setattr(Transport, "send", send)
    monkeypatch.setattr(RegbrowseApp, "_print_error_renderables", listen)
    made = Settings(user=Login("ann", Secret(PASSWORD)), pause=0)
    with pytest.raises(Exception, match=r"a bug of ours|Worker"):
        async with browsing(f"{server.name}/acme/app", tmp_path, settings=made) as driven:
            await driven.until(lambda: not driven.app.is_running, "the end")
    told = said.getvalue().replace("\n", "")
    assert "a bug of ours" in told
    assert CANARY not in told
    assert b64encode(f"ann:{PASSWORD}".encode()).decode()[:24] not in told
