"""What each thing a person does costs: every object is asked for once, and nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from support import images
from support.fake_registry import FakeRegistry, Fault
from tui.screen_driver import Driven, browsing


def asked(registry: FakeRegistry) -> Counter[str]:
    """`GET manifests/1.0` and how often, since the last look; without the ping."""
    lines = [f"{one.method} {one.target.removeprefix('/v2/acme/app/')}" for one in registry.asked if one.path != "/v2/"]
    registry.asked.clear()
    return Counter(lines)


def attached(made: images.Made, cost: Counter[str]) -> set[str]:
    """What was asked to find what is attached to a manifest: the API, the tag that stands for it, cosign's tags."""
    tag = made.digest.replace(":", "-")
    return {each for each in cost if tag in each or each.endswith(f"referrers/{made.digest}")}


async def quiet(driven: Driven) -> None:
    """Until nothing runs and nothing is about to."""
    await driven.pilot.pause(0.4)
    await driven.until(lambda: driven.is_quiet, "quiet")


async def test_what_opening_moving_and_reloading_cost(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("acme/app")
    amd64, arm64 = images.image(), images.image(architecture="arm64")
    index = repository.add(images.index(amd64, arm64), "2.0")
    other = repository.add(images.image(architecture="s390x"), "1.0")
    async with browsing(f"{registry.name}/acme/app:2.0", tmp_path) as driven:
        await driven.shows("platform    linux/amd64")
        await quiet(driven)
        cost = asked(registry)
        wanted = {
            "GET /v2/_oci/ext/discover",
            "GET tags/list?n=1000",
            "GET manifests/2.0",
            f"GET manifests/{amd64.digest}",
            f"GET blobs/{amd64.below[0].digest}",
        }
        assert wanted <= set(cost)
        assert max(cost.values()) == 1, cost
        rest = set(cost) - wanted - attached(index, cost) - attached(amd64, cost)
        assert rest <= {f"GET manifests/{arm64.digest}", "HEAD manifests/1.0"}, "only what the visible rows show"

        await driven.press("j")
        await driven.shows("platform    linux/s390x")
        await quiet(driven)
        cost = asked(registry)
        assert set(cost) - attached(other, cost) == {"GET manifests/1.0", f"GET blobs/{other.below[0].digest}"}
        assert max(cost.values()) == 1, cost
        assert not any("/referrers/" in each for each in cost), "that there is no such API is known by now"

        await driven.press("k")
        await driven.shows("platform    linux/amd64")
        await quiet(driven)
        assert not asked(registry), "what was read a moment ago is not asked for again"

        await driven.press("2", "r")
        await quiet(driven)
        cost = asked(registry)
        assert attached(index, cost)
        assert set(cost) - attached(index, cost) - attached(amd64, cost) == {"HEAD manifests/2.0"}, (
            "asking anew costs one HEAD when nothing moved, and what is attached is looked for again"
        )
        assert max(cost.values()) == 1, cost


@pytest.mark.parametrize("listed", ["alone", "with platform", "without platform"])
async def test_a_config_that_fails_is_asked_for_once_with_its_tries(
    registry: FakeRegistry, tmp_path: Path, listed: str
) -> None:
    made = images.image()
    path = f"/v2/shop/app/blobs/{made.below[0].digest}"
    registry.fault(path, Fault(503, b"{}"))
    nameless = images.Made(made.raw, made.media_type, made.below, True)
    root = {"alone": made, "with platform": images.index(made), "without platform": images.index(nameless)}[listed]
    registry.repository("shop/app").add(root, "1.0")
    async with browsing(f"{registry.name}/shop/app:1.0", tmp_path) as driven:
        await driven.shows("503")
        await quiet(driven)
        assert registry.paths(path) == [path] * 3
