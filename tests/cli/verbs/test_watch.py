"""`watch`: an exit code and a line when a tag moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest

from regbrowse.cli.arguments import parse
from regbrowse.cli.verbs import watch
from regbrowse.tag_watch import TagWatch
from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry

BEFORE, AFTER = images.image(), images.image(architecture="arm64")


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.repository("acme/app").add(BEFORE, "1.0", "latest")
    return f"{registry.name}/acme/app"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something while the verb sleeps, which takes no time."""

    def during(do: Callable[[], object]) -> None:
        async def sleep(seconds: float) -> None:
            assert seconds == 60
            do()

        monkeypatch.setattr(watch, "TagWatch", partial(TagWatch, sleep=sleep))

    return during


async def test_a_line_of_json_when_it_moves(
    registry: FakeRegistry, run: CommandLine, name: str, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    meanwhile(lambda: registry.repository("acme/app").add(AFTER, "1.0"))
    said = await run("watch", f"{name}:1.0")
    assert said.code == 0
    assert len(said.lines) == 1
    at = said.json.pop("at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", at)
    assert said.json | {"at": ""} == {
        "reference": f"{name}:1.0",
        "before": BEFORE.digest,
        "after": AFTER.digest,
        "at": "",
    }
    assert said.err == f"Watching {name}:1.0 every 60 s for 1 h.\n"


async def test_a_sentence_when_it_is_gone(
    registry: FakeRegistry, run: CommandLine, name: str, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    meanwhile(lambda: registry.repository("acme/app").tags.pop("latest"))
    said = await run("watch", name, "--format", "table")
    assert said.code == 0
    assert said.out.startswith(f"{name}:latest is gone, before to {BEFORE.digest} (")


async def test_nothing_and_another_code_when_the_time_is_over(run: CommandLine, name: str) -> None:
    said = await run("watch", f"{name}:1.0", "--for", "1s", "--interval", "10")
    assert (said.code, said.out) == (1, "")
    assert f"has not moved within 1 s: it points to {BEFORE.digest}." in said.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--interval", "9"), "needs at least 10 seconds"),
        (("--interval", "soon"), "needs a time such as"),
        (("--for", "0"), "more than 0 s"),
        (("--for", "31d"), "at most 30d"),
        (("--for", "1h30"), "needs a time such as"),
        (("--for", "²h"), "needs a time such as"),
        (("--offline",), "sends nothing"),
    ],
)
async def test_what_makes_no_sense_is_said_first(
    registry: FakeRegistry, run: CommandLine, name: str, words: tuple[str, ...], why: str
) -> None:
    said = await run("watch", f"{name}:1.0", *words)
    assert said.code == 2
    assert why in said.err
    assert not registry.asked


async def test_a_digest_cannot_be_watched(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    said = await run("watch", f"{name}@{BEFORE.digest}")
    assert said.code == 2
    assert "A digest never points to anything else. Watch a tag." in said.err
    assert not registry.asked


def test_times_as_people_write_them() -> None:
    for text, seconds in (("90", 90), ("30s", 30), ("15m", 900), ("2h", 7200), ("1d", 86_400)):
        assert parse(["watch", "x", "--for", text]).duration == seconds
    assert parse(["watch", "x"]).duration == 3600
    assert parse(["watch", "x", "--interval", "1m"]).interval == 60
