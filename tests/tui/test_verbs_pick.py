"""`pick`: drawn on the terminal whatever is captured; the choice and nothing else on stdout."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from bench.terminal import Terminal
from regbrowse.tui.app import RegbrowseApp
from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import Driven, browsing

TAG = "demo/acme/shop/webapp:2.14.1"
INDEX = "sha256:167aa6eacd4c0059f2f39acb6b90790d00b41ceaba9afde4708a91fb5e78df04"
AMD = "sha256:a379fec1bb017f6814450c2bbfaba5053c5fa1076b2c909a68accf78f5fa04f6"
PICK = f"{sys.executable} -m regbrowse pick demo"
READY = "enter pick   @ with digest   tab platforms"
REPOSITORY = "acme/app"


@contextmanager
def shell(script: str, home: Path) -> Iterator[Terminal]:
    """A shell on a terminal of its own; it waits at the end, so that what it wrote can be read."""
    keep = {"HOME": str(home), "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    with Terminal(["sh", "-c", f"cd '{home}'; {script}; sleep 30"], env=keep) as terminal:
        yield terminal


@pytest.mark.parametrize(
    ("script", "keys", "result"),
    [
        (f'x=$({PICK}); echo "<$x $?>"', ["enter"], f"<{TAG} 0>"),
        (f'x=$({PICK}); echo "<$x $?>"', ["@"], f"<{TAG}@{INDEX} 0>"),
        (f"echo input | {PICK} 2>errors | sed 's/.*/<&>/'; echo \"<$(cat errors)>\"", ["enter"], f"<{TAG}>"),
        (f'x=$({PICK} <&-); echo "<$x $?>"', ["enter"], f"<{TAG} 0>"),
        (f'{PICK} >chosen 2>&1; echo "<$? $(cat chosen)>"', ["enter"], f"<0 {TAG}>"),
        (f'x=$({PICK}); echo "<$x $?>"', ["escape"], "< 1>"),
        (f'x=$({PICK}); echo "<$x $?>"', ["q"], "< 1>"),
        (f'x=$({PICK}); echo "<$x $?>"', ["\x03"], "< 130>"),
        (f'x=$({PICK} 2>&-); echo "<$x $?>"', ["enter"], f"<{TAG} 0>"),
    ],
)
def test_what_is_picked_goes_where_the_shell_wants_it(
    tmp_path: Path, script: str, keys: list[str], result: str
) -> None:
    with shell(script, tmp_path) as terminal:
        terminal.until(READY)
        terminal.press(*keys)
        terminal.until(re.escape(result))
        if "errors" in script:
            terminal.until("<>")


def test_a_platform_is_picked_by_its_digest(tmp_path: Path) -> None:
    with shell(f'x=$({PICK}); echo "<$x $?>"', tmp_path) as terminal:
        terminal.until(READY)
        terminal.press("tab")
        terminal.until(r"enter pick   y copy")
        terminal.press("enter")
        terminal.until(re.escape(f"<{TAG}@{AMD} 0>"))


def test_what_was_picked_can_be_asked_about(tmp_path: Path) -> None:
    digest = f"{sys.executable} -m regbrowse digestlist"
    with shell(f'echo "<$({digest} "$({PICK})")>"', tmp_path) as terminal:
        terminal.until(READY)
        terminal.press("@")
        terminal.until(f"<{INDEX}>")


def test_the_terminal_is_as_it_was(tmp_path: Path) -> None:
    with shell(
        f'stty -g >before; x=$({PICK}); stty -g >after; cmp before after && echo "<same>"', tmp_path
    ) as terminal:
        terminal.until(READY)
        terminal.press("enter")
        terminal.until("<same>")


def test_a_closed_stdout_is_told_before_anybody_chooses(tmp_path: Path) -> None:
    with shell(f'{PICK} >&-; echo "<$?>"', tmp_path) as terminal:
        terminal.until("<2>")
        assert "Standard output is closed" in terminal.text


def test_without_a_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "regbrowse", "pick", "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        'regbrowse: There is no terminal to choose on. Start it from a terminal, or list the choices with "tags".\n'
    )


def test_other_verbs_load_no_screen(tmp_path: Path) -> None:
    script = (
        "import sys; from regbrowse.cli.main import main; code = main(sys.argv[1:]);"
        "sys.exit(code or 'textual' in sys.modules)"
    )
    for words in (["aliases", f"{TAG}@{INDEX}"], ["referrers", TAG], ["identify", TAG, INDEX]):
        done = subprocess.run(
            [sys.executable, "-c", script, *words], capture_output=True, timeout=60, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr


# The screen alone

AMD_IMAGE, ARM_IMAGE = images.image(), images.image(architecture="arm64")
SEVERAL = images.index(AMD_IMAGE, ARM_IMAGE, images.attestation(AMD_IMAGE))


@asynccontextmanager
async def picking(registry: FakeRegistry, rest: str, memory: Path) -> AsyncIterator[tuple[Driven, RegbrowseApp]]:
    async with browsing(f"{registry.name}/{rest}", memory, picks=True) as driven:
        yield driven, driven.app


async def picked(driven: Driven, app: RegbrowseApp) -> str:
    await driven.until(lambda: app.return_value is not None, "a choice")
    return str(app.return_value).partition("/")[2]


@pytest.fixture
def shelf(registry: FakeRegistry) -> FakeRegistry:
    registry.repository(REPOSITORY).add(SEVERAL, "1")
    return registry


async def test_a_repository_is_opened_and_its_tags_are_picked(shelf: FakeRegistry, tmp_path: Path) -> None:
    async with picking(shelf, "", tmp_path) as (driven, app):
        await driven.shows("enter tags")
        assert "with digest" not in driven.text()
        await driven.press("enter")
        await driven.shows("enter pick   @ with digest")
        await driven.press("enter")
        assert await picked(driven, app) == f"{REPOSITORY}:1"


async def test_nothing_is_picked_before_the_tag_that_was_asked_for_is_there(
    shelf: FakeRegistry, tmp_path: Path
) -> None:
    shelf.repository(REPOSITORY).add(AMD_IMAGE, "0", "2", "3")
    shelf.page_size = 2
    shelf.fault(f"/v2/{REPOSITORY}/tags/list", Fault(after=1, stall=0))
    async with picking(shelf, f"{REPOSITORY}:3", tmp_path) as (driven, app):
        await driven.shows("2 so far")
        gate = shelf.gate(f"/v2/{REPOSITORY}/tags/list")
        await driven.shows("OCI image manifest")
        await driven.press("enter", "@")
        assert "enter" not in driven.lines()[-1]
        assert (app.return_value, driven.screen.pane_layout.pane.id) == (None, "tags")
        gate.open()
        await driven.shows("enter pick")
        await driven.press("enter")
        assert await picked(driven, app) == f"{REPOSITORY}:3"


async def test_a_digest_that_is_not_known_yet_is_asked_for(shelf: FakeRegistry, tmp_path: Path) -> None:
    gate = shelf.gate(f"/v2/{REPOSITORY}/manifests/1")
    async with picking(shelf, REPOSITORY, tmp_path) as (driven, app):
        await driven.shows("enter pick")
        await driven.press("@")
        await driven.shows("asking what 1 points to")
        assert app.return_value is None
        gate.open()
        assert await picked(driven, app) == f"{REPOSITORY}:1@{SEVERAL.digest}"


async def test_a_tag_that_is_gone_is_not_picked_with_its_digest(shelf: FakeRegistry, tmp_path: Path) -> None:
    shelf.fault(f"/v2/{REPOSITORY}/manifests/1", Fault(status=404, body=b""))
    async with picking(shelf, REPOSITORY, tmp_path) as (driven, app):
        await driven.shows("enter pick")
        await driven.press("@")
        await driven.shows('there is no "1"')
        assert app.return_value is None


async def test_only_what_can_be_pulled_is_picked(shelf: FakeRegistry, tmp_path: Path) -> None:
    shelf.fault(f"/v2/{REPOSITORY}/manifests/{ARM_IMAGE.digest}", Fault(status=404, body=b""))
    async with picking(shelf, f"{REPOSITORY}:1", tmp_path) as (driven, app):
        await driven.shows("not found (404)")
        await driven.press("2", "g")
        await driven.shows("enter pick   @ with digest")
        for row, word in (
            ("linux/amd64", "enter pick   y"),
            ("SBOM", "enter content"),
            ("linux/arm64", "y copy"),
        ):
            await driven.press("down")
            node = driven.screen.opened.manifests_pane.current
            assert node is not None
            assert node.label == row
            await driven.shows(word)
        await driven.press("enter")
        assert app.return_value is None
        await driven.press("2", "g", "@")
        assert await picked(driven, app) == f"{REPOSITORY}:1@{SEVERAL.digest}"


async def test_an_image_that_was_named_by_digest(shelf: FakeRegistry, tmp_path: Path) -> None:
    async with picking(shelf, f"{REPOSITORY}@{AMD_IMAGE.digest}", tmp_path) as (driven, app):
        await driven.shows("OCI image manifest")
        await driven.press("2", "enter")
        assert await picked(driven, app) == f"{REPOSITORY}@{AMD_IMAGE.digest}"


async def test_escape_goes_back_before_it_leaves(shelf: FakeRegistry, tmp_path: Path) -> None:
    async with picking(shelf, f"{REPOSITORY}:1", tmp_path) as (driven, app):
        await driven.shows("linux/arm64")
        await driven.until(lambda: not driven.screen.is_busy, "everything has come")
        await driven.press("2", "escape")
        assert driven.screen.pane_layout.focused_pane == "tags"
        assert app.is_running
        await driven.press("escape")
        await driven.until(lambda: not app.is_running or app._exit, "it leaves")
        assert app.return_value is None


async def test_help_begins_with_the_keys_of_the_chooser(shelf: FakeRegistry, tmp_path: Path) -> None:
    async with picking(shelf, REPOSITORY, tmp_path) as (driven, _):
        await driven.shows("enter pick")
        await driven.press("question_mark")
        await driven.shows("pick it with its digest")
        await driven.shows("pick this tag or platform")


async def test_the_browser_itself_picks_nothing(shelf: FakeRegistry, tmp_path: Path) -> None:
    async with browsing(f"{shelf.name}/{REPOSITORY}", tmp_path) as driven:
        await driven.shows("enter manifests")
        await driven.press("question_mark")
        await driven.shows("Move")
        assert "pick" not in driven.text()
