"""What -v and -vv say of the requests."""

from __future__ import annotations

import re

from support import images
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry

TIME = re.compile(r"\d\d:\d\d:\d\d  ")


async def test_every_request_with_its_curl_and_what_the_cache_answered(
    registry: FakeRegistry, run: CommandLine
) -> None:
    image = images.image()
    registry.extra_headers = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "99;w=21600")]
    name = hold(registry, image)
    await run("config", name)
    ended = await run("-vv", "config", name)
    lines = ended.err.splitlines()
    (asked,) = [line for line in lines if "/manifests/it  200" in line]
    assert TIME.match(asked)
    assert asked.endswith("  costs 1 of the pull limit")
    at = lines.index(asked)
    assert lines[at + 1] == "    curl -sSL \\"
    assert lines[at + 2].startswith("      -H 'Accept: ")
    assert lines[at + 3] == f"      {registry.url}/v2/acme/app/manifests/it"
    cached = {TIME.sub("", line) for line in lines if line.endswith("  cache")}
    assert cached == {f"GET {registry.url}/v2/acme/app/blobs/{image.below[0].digest}  cache"}
    assert any(re.fullmatch(r"\d requests · 2 from cache · [\d.]+ .*B", line) for line in lines)


async def test_once_says_what_was_sent_and_no_more(registry: FakeRegistry, run: CommandLine) -> None:
    name = hold(registry, images.image())
    await run("config", name)
    ended = await run("-v", "config", name)
    assert f"GET {registry.url}/v2/acme/app/manifests/it  200" in ended.err
    assert "cache" not in ended.err
    assert "curl" not in ended.err
