"""What verbs take of a pull limit is said before they take it, where it is much."""

from __future__ import annotations

import pytest

from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault

MANY = [images.image(architecture=f"a{number}") for number in range(11)]
METERED = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "72;w=21600")]
SAID = "Reading 11 manifests takes 11 of the 72 pulls that are left."


@pytest.fixture
def name(registry: FakeRegistry) -> str:
    registry.extra_headers = list(METERED)
    registry.repository("acme/app").add(images.index(*MANY), "many")
    registry.repository("acme/app").add(images.index(*MANY[:10]), "few")
    return f"{registry.name}/acme/app"


@pytest.mark.parametrize("words", [("platforms", "--sizes"), ("verifytool", "--all")])
async def test_what_reading_a_whole_list_takes(run: CommandLine, name: str, words: tuple[str, ...]) -> None:
    said = await run(*words, f"{name}:many")
    assert said.err.count(SAID) == 1


async def test_what_looking_for_a_digest_takes(run: CommandLine, name: str) -> None:
    said = await run("identify", f"{name}:many", images.sha256(b"nowhere"))
    assert said.err.count(SAID) == 1


async def test_what_comparing_two_lists_takes(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    others = [images.image(architecture=f"a{number}", files=({"b": b"2"},)) for number in range(11)]
    registry.repository("acme/app").add(images.index(*others), "other")
    said = await run("compare", f"{name}:many", f"{name}:other")
    assert said.err.count("Reading 22 manifests takes 22 of the 72 pulls that are left.") == 1


@pytest.mark.parametrize("words", [("platforms", "--sizes"), ("verifytool", "--all")])
async def test_ten_are_not_worth_a_word(run: CommandLine, name: str, words: tuple[str, ...]) -> None:
    said = await run(*words, f"{name}:few")
    assert "pulls" not in said.err


async def test_what_was_read_before_takes_nothing(run: CommandLine, name: str) -> None:
    await run("platforms", "--sizes", f"{name}:many")
    said = await run("platforms", "--sizes", f"{name}:many")
    assert "pulls" not in said.err
    said = await run("verifytool", "--all", f"{name}:many")
    assert SAID in said.err, "it reads past the cache"


async def test_no_word_where_nothing_is_counted(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.extra_headers = []
    said = await run("platforms", "--sizes", f"{name}:many")
    assert "pulls" not in said.err


async def test_more_than_what_is_left(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    registry.extra_headers = [("RateLimit-Limit", "100"), ("RateLimit-Remaining", "1")]
    said = await run("platforms", "--sizes", f"{name}:many")
    assert "Reading 11 manifests takes more than the 1 pull that is left." in said.err


async def test_aliases_cost_where_head_is_not_answered(registry: FakeRegistry, run: CommandLine) -> None:
    registry.extra_headers = list(METERED)
    tags = [f"1.{number}" for number in range(12)]
    registry.repository("acme/other").add(MANY[0], *tags)
    said = await run("aliases", f"{registry.name}/acme/other:1.0")
    assert "pulls" not in said.err
    for tag in tags:
        registry.fault(f"/v2/acme/other/manifests/{tag}", Fault(405, method="HEAD"))
    said = await run("aliases", f"{registry.name}/acme/other:1.0")
    assert said.err.count(SAID) == 1
    assert sorted(said.json) == sorted(tags)


async def test_tags_cost_where_head_is_not_answered(registry: FakeRegistry, run: CommandLine, name: str) -> None:
    words = ("tags", "-l")
    said = await run(*words, f"{name}:many")
    assert "does not answer HEAD" not in said.err
    for tag in ("many", "few"):
        registry.fault(f"/v2/acme/app/manifests/{tag}", Fault(405, method="HEAD"))
    said = await run(*words, f"{name}:many")
    assert said.err.count("does not answer HEAD: every tag takes 1 of the 72 pulls that were left.") == 1
