"""What becomes of a copy, and that the line at the bottom does not say more than is known."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from regbrowse.tui.clipboard import copy, local_tool
from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing

TMUX = shutil.which("tmux")


class Terminal:
    """Stands for the app: takes what is sent by OSC 52."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def copy_to_clipboard(self, text: str) -> None:
        self.sent.append(text)


@pytest.mark.parametrize(
    ("environment", "verb", "how"),
    [
        ({"TERM": "xterm-256color"}, "sent", "if your terminal takes it"),
        ({"TERM": "xterm-256color", "SSH_TTY": "/dev/pts/1", "DISPLAY": ":0"}, "sent", "shift+drag"),
        ({"TERM": "screen", "STY": "1.pts"}, "×", "GNU screen"),
        ({"TERM": "linux"}, "×", "no clipboard"),
    ],
)
async def test_only_what_is_known_is_said(environment: dict[str, str], verb: str, how: str) -> None:
    terminal = Terminal()
    copied = await copy(terminal, "text", environment)
    assert copied.verb == verb
    assert how in copied.how
    assert terminal.sent == ["text"]


def test_no_tool_of_this_machine_is_used_in_a_remote_session() -> None:
    assert local_tool({"SSH_CONNECTION": "a b c d", "DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}) is None


@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_tmux_with_its_defaults_has_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)

    def tmux(*words: str) -> str:
        command = [str(TMUX), "-f", "/dev/null", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    tmux("new-session", "-d", "-x", "80", "-y", "24")
    try:
        server = tmux("display", "-p", "#{socket_path},#{pid},0")
        monkeypatch.setenv("TMUX", server)
        copied = asyncio.run(copy(Terminal(), "sha256:abc", {"TMUX": server, "TERM": "tmux-256color"}))
        assert copied.verb == "copied"
        assert "tmux" in copied.how
        assert tmux("show-buffer") == "sha256:abc"
    finally:
        tmux("kill-server")


async def test_where_nothing_takes_it_the_line_says_so(
    registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STY", "1.pts")
    registry.repository("acme/app").add(images.image(), "1.0")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path, size=(200, 40)) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("Y")
        await driven.shows("× not copied: digest of")
