"""What commands say of the demo names what a command line takes."""

from __future__ import annotations

import pytest

from regbrowse.cli.demo_names import DEMO_HOST, as_typed
from regbrowse.demo.start import REGISTRY
from support.command_line import CommandLine

NOWHERE = f"sha256:{'0' * 64}"


def test_the_host_of_the_demo() -> None:
    assert REGISTRY.name == DEMO_HOST


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("registry.demo/acme/app:1 failed: registry.demo has none.", "demo/acme/app:1 failed: demo has none."),
        ("GET https://registry.demo/v2/  200", "GET https://registry.demo/v2/  200"),
        ("It is registry.demo.", "It is demo."),
        ('"registry.demo"', '"demo"'),
        (
            "my.registry.demo, registry.demo.example, registry.demos",
            "my.registry.demo, registry.demo.example, registry.demos",
        ),
    ],
)
def test_as_typed(text: str, typed: str) -> None:
    assert as_typed(text) == typed


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["digest", "demo/acme/nope:1"], "demo/acme/nope:1"),
        (["digest", "demo/acme/shop/webapp:nope"], "demo/acme/shop/webapp:nope"),
        (["digest", "demo", "--platform", "plan9/mips"], "demo/acme/shop/webapp:2.14.1"),
        (["tags", "demo/acme/lab/broken"], "demo/acme/lab/broken"),
        (["tags", "demo/acme/lab/throttled"], "demo/acme/lab/throttled"),
        (["tags", "demo/private/vault"], "demo/private/vault"),
        (["identify", "demo", NOWHERE], "demo/acme/shop/webapp:2.14.1"),
        (["manifest", f"demo/acme/shop/webapp@{NOWHERE}"], "demo/acme/shop/webapp@"),
        (["referrers", "demo/acme/nope:1"], "demo/acme/nope:1"),
        (["platforms", "demo/acme/charts/webapp"], "demo/acme/charts/webapp"),
    ],
)
async def test_errors_name_what_can_be_typed(run: CommandLine, words: list[str], name: str) -> None:
    said = await run(*words)
    assert said.code not in (0, 2)
    assert f" {name}" in said.err
    assert DEMO_HOST not in said.err


async def test_a_login_of_the_demo_is_one_that_can_be_given(run: CommandLine) -> None:
    said = await run("tags", "demo/private/vault")
    assert said.code == 4
    assert "docker login" not in said.err
    assert "-u demo:demo" in said.err
    assert (await run("tags", "demo/private/vault", "-u", "demo:demo")).code == 0


async def test_what_was_copied_from_the_screen_is_taken(run: CommandLine) -> None:
    said = await run("digest", f"{DEMO_HOST}/acme/shop/webapp:2.14.1")
    assert (said.code, said.out) == (0, (await run("digest", "demo/acme/shop/webapp:2.14.1")).out)


async def test_answers_name_it_too(run: CommandLine) -> None:
    digest = (await run("digest", "demo")).out.strip()
    said = await run("identify", "--format", "table", "demo", digest)
    assert said.lines[0].endswith("in demo/acme/shop/webapp:2.14.1.")
