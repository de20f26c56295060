"""What is wrong with the words themselves is told before any registry hears of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regbrowse.registry.transport.early_connection import EarlyConnection
from support.command_line import CommandLine

DIGEST = f"sha256:{'0' * 64}"
HOST = "127.0.0.1:1"


@pytest.fixture
def run(run: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CommandLine:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "there").touch()
    monkeypatch.chdir(tmp_path / "work")
    return run


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whom anybody began to ask."""
    places: list[Any] = []
    begin = EarlyConnection.begin

    def noted(early: EarlyConnection, origin: Any) -> None:
        places.append(origin)
        begin(early, origin)

    monkeypatch.setattr(EarlyConnection, "begin", noted)
    return places


def left(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("config", f"{HOST}/"), "is a registry, and this asks about an image"),
        (("tags", f"{HOST}/"), "is a registry, and this asks about an image"),
        (("catalog", "alpine"), "is an image, and this asks about a registry"),
        (("identify", f"{HOST}/app", "sha256:12"), "is not a valid digest"),
        (("config", f"{HOST}/app", "--platform", "linus"), '"linus" is not a platform'),
        (("config", f"{HOST}/app", "--arch", "linux/arm64"), "is too much for --arch"),
        (("verifytool", f"{HOST}/app", "--os", "linux:1"), "is too much for --os"),
        (("verifytool", f"{HOST}/app", "--all", "--arch", "arm64"), "--all checks every platform, and one was chosen."),
        (("downloadlayer", f"{HOST}/app@{DIGEST}", "-o", "new/"), "new/ is a folder."),
        (("downloadlayer", f"{HOST}/app:1"), "has a tag where a digest is needed"),
        (("downloadlayer", f"{HOST}/app@blake3:{'0' * 64}"), "blake3 cannot be computed here"),
        (("downloadlayer", f"{HOST}/app@{DIGEST}", "-o", "there"), "there exists"),
        (("downloadlayer", f"{HOST}/app@{DIGEST}", "-o", "no/file"), "there is no such folder"),
    ],
)
async def test_no_registry_hears_of_it(
    run: CommandLine, begun: list[Any], tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    said = await run(*words)
    assert (said.code, said.out, begun) == (2, "", [])
    assert why in said.err
    assert said.err.count("\n") == 1
    assert left(tmp_path / "work") == ["there"]


@pytest.mark.parametrize(
    "words",
    [
        ("config", f"{HOST}/app", "--platform", "linux/arm64"),
        ("catalog", HOST),
        ("identify", f"{HOST}/app", "0" * 64),
        ("downloadlayer", f"{HOST}/app@{DIGEST}", "-o", "new"),
        ("downloadlayer", f"{HOST}/app@{DIGEST}", "-o", "there", "--force"),
    ],
)
async def test_what_is_right_is_asked(run: CommandLine, begun: list[Any], words: tuple[str, ...]) -> None:
    assert (await run(*words)).code == 3
    assert len(begun) == 1
