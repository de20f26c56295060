"""The image of an index that is taken for a platform: the commands and the screen take the same one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from regbrowse.oci.platform import Platform
from support import images
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault, lie
from support.images import Made
from tui.screen_driver import Driven, browsing

REPOSITORY = "acme/app"
LOOP = "blake3:" + "0f" * 32
"""A digest that cannot be verified here, so that an index can truly list itself."""


def bare(made: Made) -> Made:
    """As an index lists it that does not say the platform."""
    return Made(made.raw, made.media_type, made.below, True)


def listed_as(made: Made, **extra: object) -> Made:
    return Made(made.raw, made.media_type, made.below, True, extra)


def windows(version: str) -> Made:
    made = images.image("windows", files=({"v": version.encode()},))
    return listed_as(made, platform={"os": "windows", "architecture": "amd64", "os.version": version})


AMD64 = images.image()
AMD64_AGAIN = images.image(files=({"again": b"2"},))
ARM64 = images.image(architecture="arm64", variant="v8")
ARMV5 = images.image(architecture="arm", variant="v5")
ARMV6 = images.image(architecture="arm", variant="v6")
S390X = images.image(architecture="s390x")
OLD_WINDOWS, NEW_WINDOWS = windows("10.0.17763.1"), windows("10.0.20348.2")
SILENT_CONFIG = images.config("", "")
SILENT = Made(
    images.dump(
        {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": SILENT_CONFIG.descriptor(), "layers": []}
    ),
    images.OCI_MANIFEST,
    (SILENT_CONFIG,),
    True,
)
SOCI = "application/vnd.amazon.soci.index.v2+json"
LAZY = listed_as(images.artifact(SOCI), artifactType=SOCI, platform={"os": "linux", "architecture": "amd64"})
INNER = images.index(ARM64, AMD64)
LYING = Made(INNER.raw, images.OCI_MANIFEST, INNER.below, True, AMD64.extra)
ABSENT = images.index(S390X)
LOOPING = Made(b"", images.OCI_INDEX)
"""The entry of an index that lists itself and an image; see `hold`."""


class Case(NamedTuple):
    root: Made
    wanted: str
    taken: Made


CASES = {
    "listed": Case(images.index(ARM64, AMD64), "linux/amd64", AMD64),
    "nested, beside another platform": Case(images.index(ARM64, images.index(AMD64)), "linux/amd64", AMD64),
    "listed, beside a nested one": Case(images.index(images.index(AMD64_AGAIN), AMD64), "linux/amd64", AMD64),
    "nested twice": Case(images.index(S390X, images.index(ARM64, images.index(AMD64))), "linux/amd64", AMD64),
    "the same index nested twice": Case(images.index(ARM64, *[images.index(AMD64)] * 2), "linux/amd64", AMD64),
    "nested five levels deep": Case(
        images.index(S390X, images.index(images.index(images.index(images.index(images.index(AMD64)))))),
        "linux/amd64",
        AMD64,
    ),
    "lower variant": Case(images.index(ARMV5, AMD64, ARMV6), "linux/arm/v7", ARMV6),
    "lower variant before a nested exact one": Case(
        images.index(ARMV6, images.index(images.image(architecture="arm", variant="v7"))), "linux/arm/v7", ARMV6
    ),
    "first of several Windows versions": Case(images.index(OLD_WINDOWS, NEW_WINDOWS), "windows/amd64", OLD_WINDOWS),
    "one Windows version": Case(images.index(OLD_WINDOWS, NEW_WINDOWS), "windows/amd64:10.0.20348", NEW_WINDOWS),
    "repeated platform": Case(images.index(ARM64, AMD64, AMD64_AGAIN), "linux/amd64", AMD64),
    "only the config tells": Case(images.index(bare(ARM64), bare(AMD64)), "linux/amd64", AMD64),
    "only the config tells, beside another platform": Case(images.index(ARM64, bare(AMD64)), "linux/amd64", AMD64),
    "only the config tells, in a nested index": Case(
        images.index(ARM64, images.index(bare(S390X), bare(AMD64))), "linux/amd64", AMD64
    ),
    "listed before what only the config tells": Case(images.index(bare(AMD64_AGAIN), AMD64), "linux/amd64", AMD64),
    "only image, of which nothing tells the platform": Case(images.index(SILENT), "linux/amd64", SILENT),
    "helper to load lazily": Case(images.index(LAZY, AMD64), "linux/amd64", AMD64),
    "attestation": Case(images.index(images.attestation(AMD64), AMD64), "linux/amd64", AMD64),
    "index listed as an image": Case(images.index(ARM64, LYING), "linux/amd64", AMD64),
    "nested index that is not held": Case(images.index(ABSENT, images.index(AMD64)), "linux/amd64", AMD64),
    "index that contains itself": Case(images.index(ARM64, LOOPING), "linux/amd64", AMD64),
}


@pytest.fixture
def run(run: CommandLine, host: Callable[[str], None]) -> CommandLine:
    """On a platform that no image here is for, because what the settings say is to be taken."""
    host("linux/ppc64le")
    return run


def hold(registry: FakeRegistry, made: Made) -> str:
    repository = registry.repository(REPOSITORY)
    looping = {"mediaType": images.OCI_INDEX, "digest": LOOP, "size": 1}
    if LOOPING in made.below:
        inner = images.dump({"schemaVersion": 2, "manifests": [looping, AMD64.descriptor()]})
        repository.add(AMD64)
        headers = [("Content-Type", images.OCI_INDEX)]
        registry.fault(f"/v2/{REPOSITORY}/manifests/{LOOP}", Fault(200, inner, headers))
        outer = [each.descriptor() if each is not LOOPING else looping for each in made.below]
        made = Made(images.dump({"schemaVersion": 2, "manifests": outer}), images.OCI_INDEX, (ARM64,), True)
    repository.add(made, "it")
    repository.manifests.pop(ABSENT.digest, None)
    return f"{registry.name}/{REPOSITORY}:it"


def shown_digest(driven: Driven) -> str:
    """The digest of the image whose layers are shown."""
    request = driven.screen.opened.layers_pane.request
    return str(request.digest) if request else ""


async def shown(driven: Driven) -> tuple[str, str, bytes]:
    """The digest of the row with the cursor, of the image whose config is shown, and the config."""
    screen = driven.screen
    await driven.until(
        lambda: screen.opened.layers_pane.request is not None and screen.opened.config_pane.raw, "a config"
    )
    await driven.until(lambda: driven.is_quiet, "quiet")
    row = screen.opened.manifests_pane.current
    assert row is not None
    assert screen.opened.layers_pane.request is not None
    return str(row.digest), str(screen.opened.layers_pane.request.digest), screen.opened.config_pane.raw


@pytest.mark.parametrize("name", CASES)
async def test_the_command_and_the_screen_take_the_same_image(
    registry: FakeRegistry, run: CommandLine, settings: Callable[[str], None], tmp_path: Path, name: str
) -> None:
    root, wanted, taken = CASES[name]
    settings(f'platform = "{wanted}"')
    reference = hold(registry, root)
    said = await run("digest", reference)
    assert (said.code, said.out) == (0, f"{taken.digest}\n"), said.err
    assert (await run("-r", "config", reference)).raw == taken.below[0].raw
    assert taken.digest in [row["digest"] for row in (await run("platforms", reference, "--sizes")).json]
    verified = await run("verifytool", reference)
    assert verified.code == 0
    assert [line for line in verified.lines if line.startswith("OK  config") and taken.below[0].digest in line]
    async with browsing(reference, tmp_path, platform=Platform.parse(wanted)) as driven:
        assert await shown(driven) == (taken.digest, taken.digest, taken.below[0].raw)


async def test_nothing_fits(
    registry: FakeRegistry, run: CommandLine, settings: Callable[[str], None], tmp_path: Path
) -> None:
    """The command says what there is; the screen says it too, and shows what most people would want instead."""
    settings('platform = "plan9/mips"')
    reference = hold(registry, images.index(S390X, images.index(bare(ARM64), AMD64)))
    said = await run("digest", reference)
    assert (said.code, said.raw) == (1, b"")
    assert "has no image for plan9/mips. Available: linux/s390x, linux/amd64, linux/arm64/v8." in said.err
    async with browsing(reference, tmp_path, platform=Platform("plan9", "mips"), size=(200, 36)) as driven:
        await driven.shows("no image for plan9/mips here")
        await driven.shows("available: linux/s390x, linux/amd64, linux/arm64/v8")
        assert await shown(driven) == (AMD64.digest, AMD64.digest, AMD64.below[0].raw)


async def test_what_is_available_can_be_asked_for(registry: FakeRegistry, run: CommandLine) -> None:
    """Also where a name has spaces; and the name as it is shown is taken, too."""
    versions = ["macOS 13", "macOS 14, Sonoma: (x/y)", "", "100%"]
    entries = [
        listed_as(
            images.image("darwin", "arm64", files=({"v": version.encode()},)),
            platform={"os": "darwin", "architecture": "arm64", "os.version": version},
        )
        for version in versions
    ]
    reference = hold(registry, images.index(*entries))
    said = await run("digest", reference, "--platform", "linux/s390x")
    listing = said.err.partition("Available: ")[2].partition(". ")[0].rstrip(".\n")
    assert listing.split(", ")[0] == "darwin/arm64:macOS%2013"
    found = [(await run("digest", reference, "--platform", name)).out for name in listing.split(", ")]
    assert found == [f"{each.digest}\n" for each in entries]
    shown = await run("digest", reference, "--platform", "darwin/arm64 macOS 13")
    assert shown.out == found[0]


async def test_one_word_is_a_platform(registry: FakeRegistry, run: CommandLine, host: Callable[[str], None]) -> None:
    host("linux/amd64")
    reference = hold(registry, images.index(S390X, ARM64, AMD64))
    for word, taken in (("arm64", ARM64), ("linux", AMD64), ("s390x", S390X), ("linux/arm64/v9.6", ARM64)):
        said = await run("digest", reference, "--platform", word)
        assert said.out == f"{taken.digest}\n"
    assert (await run("digest", reference, "--platform", "arm65")).code == 2


async def test_an_empty_index(registry: FakeRegistry, run: CommandLine, tmp_path: Path) -> None:
    reference = hold(registry, images.index())
    assert "Its list names no platform" in (await run("digest", reference)).err
    async with browsing(reference, tmp_path) as driven:
        await driven.shows("no layers: this is an index")
        assert driven.screen.opened.config_pane.raw == images.index().raw


async def test_what_is_asked_while_nested_indexes_are_read(registry: FakeRegistry, tmp_path: Path) -> None:
    """Nothing of another platform is read, and the cursor waits on the index."""
    inner = images.index(AMD64)
    reference = hold(registry, images.index(ARM64, inner))
    gate = registry.gate(f"/v2/{REPOSITORY}/manifests/{inner.digest}")
    async with browsing(reference, tmp_path, platform=Platform("linux", "amd64")) as driven:
        await driven.until(gate.arrived.is_set)
        await driven.shows("asking for linux/amd64")
        row = driven.screen.opened.manifests_pane.current
        assert row is not None
        assert row.is_root
        assert not [path for path in registry.paths() if path.endswith(ARM64.digest)]
        gate.open()
        assert await shown(driven) == (AMD64.digest, AMD64.digest, AMD64.below[0].raw)


async def test_a_cursor_that_was_moved_stays(registry: FakeRegistry, tmp_path: Path) -> None:
    inner = images.index(AMD64)
    reference = hold(registry, images.index(ARM64, inner))
    gate = registry.gate(f"/v2/{REPOSITORY}/manifests/{inner.digest}")
    async with browsing(reference, tmp_path, platform=Platform("linux", "amd64")) as driven:
        await driven.until(gate.arrived.is_set)
        await driven.press("2", "j")
        gate.open()
        await driven.shows("linux/amd64")
        assert await shown(driven) == (ARM64.digest, ARM64.digest, ARM64.below[0].raw)


async def test_a_nested_index_that_cannot_be_read(registry: FakeRegistry, run: CommandLine, tmp_path: Path) -> None:
    """The command fails; the screen tells why and shows what there is."""
    inner = images.index(AMD64)
    reference = hold(registry, images.index(ARM64, inner))
    registry.fault(f"/v2/{REPOSITORY}/manifests/{inner.digest}", Fault(200, lie(inner.raw)))
    said = await run("digest", reference, "--platform", "linux/amd64")
    assert (said.code, said.raw) == (5, b"")
    async with browsing(reference, tmp_path, platform=Platform("linux", "amd64")) as driven:
        assert await shown(driven) == (ARM64.digest, ARM64.digest, ARM64.below[0].raw)
        await driven.shows("does not match it")


async def test_a_selected_image_that_is_not_held_is_asked_for_once(
    registry: FakeRegistry, run: CommandLine, tmp_path: Path
) -> None:
    reference = hold(registry, images.index(ARM64, AMD64))
    del registry.repository(REPOSITORY).manifests[AMD64.digest]
    said = await run("digest", reference, "--platform", "linux/amd64")
    assert said.code == 1
    assert "linux/amd64 is listed, but this registry does not hold it" in said.err
    registry.asked.clear()
    async with browsing(reference, tmp_path, platform=Platform("linux", "amd64")) as driven:
        await driven.shows("linux/amd64 is missing here")
        row = driven.screen.opened.manifests_pane.current
        assert row is not None
        assert (str(row.digest), row.missing) == (AMD64.digest, True)
    assert len([path for path in registry.paths() if path.endswith(AMD64.digest)]) == 1


async def test_a_platform_chosen_by_hand_is_found_in_nested_indexes(registry: FakeRegistry, tmp_path: Path) -> None:
    """And the key for choosing works where only nested indexes name platforms."""
    hold(registry, images.index(ARM64, images.index(AMD64)))
    registry.repository(REPOSITORY).add(images.index(images.index(S390X, AMD64_AGAIN)), "other")
    async with browsing(f"{registry.name}/{REPOSITORY}:other", tmp_path, platform=Platform("linux", "s390x")) as driven:
        assert (await shown(driven))[0] == S390X.digest
        await driven.press("2", "p")
        await driven.shows("Platform")
        await driven.press("down", "enter")
        await driven.until(lambda: shown_digest(driven) == AMD64_AGAIN.digest)
        await driven.press("1", "k")
        await driven.until(lambda: shown_digest(driven) == AMD64.digest)


async def test_an_image_that_is_listed_without_a_digest(
    registry: FakeRegistry, run: CommandLine, tmp_path: Path
) -> None:
    """Nothing can be asked for: the screen says so, and shows the index."""
    value = {"schemaVersion": 2, "manifests": [{**AMD64.descriptor(), "digest": "nothing"}, ARM64.descriptor()]}
    made = Made(images.dump(value), images.OCI_INDEX, (ARM64,), True)
    reference = hold(registry, made)
    said = await run("digest", reference, "--platform", "linux/amd64")
    assert (said.code, said.raw) == (3, b"")
    assert "without a usable digest" in said.err
    async with browsing(reference, tmp_path, platform=Platform("linux", "amd64"), size=(200, 36)) as driven:
        await driven.shows("without a usable digest")
        await driven.shows("no layers: this is an index")
        assert driven.screen.opened.config_pane.raw == made.raw
