"""What is different between two images, and between two indexes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.oci.comparison import (
    Change,
    Difference,
    ImageComparison,
    ImageSide,
    ListedImage,
    PullCost,
    compare_images,
    pair_platforms,
)
from regbrowse.oci.config import Config, parse_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image, Schema1, parse_manifest
from regbrowse.oci.mediatype import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest
from support import images

SIZES = {name: 10 ** (at % 5) + at for at, name in enumerate("abcdefghij")}


LAYER = Descriptor(OCI_MANIFEST, Digest.of(b"x"), 5)


def layer(name: str) -> dict[str, object]:
    return {"mediaType": OCI_LAYER_GZIP, "digest": str(Digest.of(name.encode())), "size": SIZES[name]}


def manifest(layers: Sequence[str]) -> Image:
    value = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": str(Digest.of(b"{}")), "size": 2},
        "layers": [layer(each) for each in layers],
    }
    found = parse_manifest(json.dumps(value).encode())
    assert isinstance(found, Image)
    return found


def side(layers: Sequence[str], commands: Sequence[str] = (), inner: Mapping[str, object] | None = None) -> ImageSide:
    """An image of these layers; a command that begins with `ENV` and so on made none."""
    history = [{"created_by": each, "empty_layer": each.startswith(("ENV", "CMD"))} for each in commands]
    files = [str(Digest.of(f"files of {each.lower()}".encode())) for each in layers]
    value = {"os": "linux", "architecture": "amd64", "config": inner or {}, "history": history}
    config = parse_config(json.dumps({**value, "rootfs": {"type": "layers", "diff_ids": files}}).encode())
    return ImageSide(manifest(layers), config)


def marks(compared: ImageComparison) -> str:
    return " ".join(
        f"{pair.change.value}{pair.a.number if pair.a else ''}:{pair.b.number if pair.b else ''}"
        for pair in compared.layers
    )


@pytest.mark.parametrize(
    ("a", "b", "expected", "new"),
    [
        ("abc", "abc", "=1:1 =2:2 =3:3", ""),
        ("ab", "abc", "=1:1 =2:2 +:3", "c"),
        ("abc", "ab", "=1:1 =2:2 -3:", ""),
        ("abcde", "abfdg", "=1:1 =2:2 -3: +:3 =4:4 -5: +:5", "fg"),
        ("abc", "def", "-1: -2: -3: +:1 +:2 +:3", "def"),
        ("abc", "cba", "=3:1 =2:2 =1:3", ""),
        ("abcb", "ab", "=1:1 =2:2 -3: =4:", ""),
        ("ab", "abab", "=1:1 =2:2 =:3 =:4", ""),
        ("a", "abb", "=1:1 +:2 +:3", "b"),
        ("", "ab", "+:1 +:2", "ab"),
        ("", "", "", ""),
    ],
)
def test_layers_are_shared_by_digest(a: str, b: str, expected: str, new: str) -> None:
    compared = compare_images(side(a), side(b))
    assert marks(compared) == expected
    shared = sum(SIZES[each] for each in set(b) - set(new))
    assert compared.cost == PullCost(sum(SIZES[each] for each in new), shared)


@given(st.text("abcdefghij", max_size=12), st.text("abcdefghij", max_size=12))
def test_every_layer_is_in_one_pair_and_costs_once(a: str, b: str) -> None:
    there, back = compare_images(side(a), side(b)), compare_images(side(b), side(a))
    assert sorted(pair.a.number or 0 for pair in there.layers if pair.a) == [*range(1, len(a) + 1)]
    assert [pair.b.number for pair in there.layers if pair.b] == [*range(1, len(b) + 1)]
    assert there.cost.new + there.cost.shared == sum(SIZES[each] for each in set(b))
    assert (there.cost.new == 0) is (set(b) <= set(a))
    for pair in there.layers:
        assert pair.row.descriptor is not None
        digest = str(pair.row.descriptor.digest)
        in_both = all(digest in [str(Digest.of(each.encode())) for each in name] for name in (a, b))
        assert (pair.change is Change.SAME) is in_both

    def counted(compared: ImageComparison, *changes: Change) -> list[int]:
        return [sum(pair.change is change for pair in compared.layers) for change in changes]

    added, removed = Change.ADDED, Change.REMOVED
    assert counted(there, added, removed) == counted(back, removed, added), "the other way round"
    assert there.same is (a == b)


def test_a_layer_without_a_usable_digest_is_shared_with_nothing() -> None:
    nameless = Descriptor(OCI_LAYER_GZIP, None, 5)
    both = [ImageSide(replace(manifest("a"), layers=(nameless, nameless))) for _ in range(2)]
    compared = compare_images(*both)
    assert [pair.change for pair in compared.layers] == [Change.REMOVED] * 2 + [Change.ADDED] * 2
    assert compared.cost == PullCost(10, 0)


def test_a_layer_that_was_only_compressed_otherwise_is_told() -> None:
    one, two = side("ab"), side("ac")
    assert one.config
    assert two.config
    files = one.config.diff_ids
    again = ImageSide(two.manifest, parse_config(_config_with(files)))
    pairs = compare_images(one, again).layers
    assert [(pair.change, pair.repacked) for pair in pairs] == [
        (Change.SAME, False),
        (Change.REMOVED, True),
        (Change.ADDED, True),
    ]


def _config_with(files: Sequence[Digest | None]) -> bytes:
    return json.dumps({"rootfs": {"type": "layers", "diff_ids": [str(each) for each in files]}}).encode()


def test_sizes_that_nothing_tells_are_counted_apart() -> None:
    made = images.schema1()
    found = parse_manifest(made.raw)
    assert isinstance(found, Schema1)
    compared = compare_images(side("a"), ImageSide(found, found.config))
    assert compared.cost == PullCost(0, 0, 2)
    assert [pair.change.value for pair in compared.layers] == ["-", "+", "+"]


INNER: dict[str, object] = {
    "User": "app",
    "ExposedPorts": {"80/tcp": {}, "81/tcp": {}},
    "Volumes": {"/data": {}},
    "Env": ["PATH=/bin", "MODE=a=b", "OLD="],
    "Entrypoint": ["tini", "--"],
    "Cmd": ["sh", "-c", "echo hi"],
    "WorkingDir": "/srv",
    "Labels": {"version": "1", "title": "app"},
    "StopSignal": "SIGTERM",
    "Healthcheck": {"Test": ["CMD", "check"], "Interval": 30_000_000_000, "Retries": 3},
    "Shell": ["/bin/sh", "-c"],
    "OnBuild": ["RUN make"],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"Env": ["OLD=", "MODE=a=b", "PATH=/bin"]}, []),
        ({"ExposedPorts": {"81/tcp": {}, "80/tcp": {}}}, []),
        ({"User": "root"}, ["~ .config.User | app | root"]),
        ({"User": ""}, ["- .config.User | app | "]),
        (
            {"Env": ["PATH=/bin", "MODE=c", "NEW=1"]},
            [
                '~ .config.Env["MODE"] | a=b | c',
                '- .config.Env["OLD"] |  | ',
                '+ .config.Env["NEW"] |  | 1',
            ],
        ),
        ({"Env": ["PATH=/sbin", "PATH=/bin", "MODE=a=b", "OLD="]}, []),
        (
            {"Labels": {"version": "2", "title": "app"}},
            ['~ .config.Labels["version"] | 1 | 2'],
        ),
        (
            {"ExposedPorts": {"80/tcp": {}, "443/tcp": {}}},
            [
                '- .config.ExposedPorts["81/tcp"] | exposed | ',
                '+ .config.ExposedPorts["443/tcp"] |  | exposed',
            ],
        ),
        ({"Volumes": {}}, ['- .config.Volumes["/data"] | declared | ']),
        ({"Entrypoint": ["tini"]}, ["~ .config.Entrypoint | tini -- | tini"]),
        ({"Cmd": ["sh", "-c", "echo", "hi"]}, ["~ .config.Cmd | sh -c 'echo hi' | sh -c echo hi"]),
        ({"WorkingDir": "/"}, ["~ .config.WorkingDir | /srv | /"]),
        ({"StopSignal": "SIGINT"}, ["~ .config.StopSignal | SIGTERM | SIGINT"]),
        (
            {"Healthcheck": {"Test": ["CMD", "check"], "Interval": 30_000_000_000, "Retries": 5}},
            [
                "~ .config.Healthcheck | --interval=30s --retries=3 check | --interval=30s --retries=5 check",
            ],
        ),
        ({"Shell": ["bash"]}, ["~ .config.Shell | /bin/sh -c | bash"]),
        ({"OnBuild": []}, ["- .config.OnBuild | RUN make | "]),
    ],
)
def test_config(changes: dict[str, object], expected: list[str]) -> None:
    compared = compare_images(side("a", (), INNER), side("a", (), {**INNER, **changes}))
    assert compared.config is not None
    assert [f"{each.change.value} {each.path} | {each.a} | {each.b}" for each in compared.config] == expected


def test_what_is_one_config_or_none_has_no_differences_to_tell() -> None:
    one, two = side("a"), ImageSide(manifest("b"))
    compared = compare_images(one, two)
    assert compared.config is None
    assert compared.history is None


def test_platform_and_date() -> None:
    one = parse_config(b'{"os":"linux","architecture":"amd64","created":"2024-05-30T08:12:44Z"}')
    two = parse_config(b'{"os":"linux","architecture":"arm64","created":"2024-06-18T09:41:07Z"}')
    assert compare_images(ImageSide(manifest("a"), one), ImageSide(manifest("a"), two)).config == (
        Difference(Change.CHANGED, "platform", "", "linux/amd64", "linux/arm64"),
        Difference(Change.CHANGED, "created", "", "2024-05-30T08:12:44Z", "2024-06-18T09:41:07Z"),
    )


def test_history_is_compared_by_what_the_steps_do() -> None:
    one = side("abc", ["/bin/sh -c #(nop) ADD file:1 in /", "/bin/sh -c apt", "ENV A=1", "COPY dist /srv"])
    two = side("abd", ["ADD file:1 in /", "RUN /bin/sh -c apt # buildkit", "ENV A=2", "COPY dist /srv # buildkit"])
    compared = compare_images(one, two)
    assert compared.history is not None
    assert [
        (pair.change.value, pair.row.command.instruction, pair.row.command.rest, pair.rebuilt)
        for pair in compared.history
    ] == [
        ("=", "ADD", "file:1 in /", False),
        ("=", "RUN", "apt", False),
        ("-", "ENV", "A=1", False),
        ("+", "ENV", "A=2", False),
        ("=", "COPY", "dist /srv", True),
    ]


@given(st.lists(st.sampled_from(["RUN a", "RUN b", "ENV C=d", "COPY e f"]), max_size=8))
def test_an_image_is_the_same_as_itself(commands: list[str]) -> None:
    layers = "abcdefgh"[: sum(not each.startswith("ENV") for each in commands)]
    compared = compare_images(side(layers, commands, INNER), side(layers, commands, INNER))
    assert compared.same
    assert compared.config == ()
    changes = [pair.change for pair in compared.layers] + [pair.change for pair in compared.history or ()]
    assert set(changes) <= {Change.SAME}
    assert compared.cost.new == 0


# Indexes


def listed(text: str) -> list[ListedImage]:
    """`linux/amd64=x windows/amd64:10.0=y`."""
    pairs = (each.rpartition("=") for each in text.split())
    return [
        ListedImage(Platform.parse(platform), Descriptor(OCI_MANIFEST, Digest.of(name.encode()), 5))
        for platform, _, name in pairs
    ]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("linux/amd64=x linux/arm64=y", "linux/amd64=x linux/arm64=z", ["= linux/amd64", "~ linux/arm64"]),
        ("linux/amd64=x linux/386=y", "linux/amd64=x linux/arm=z", ["= linux/amd64", "- linux/386", "+ linux/arm"]),
        ("linux/arm64/v8=x", "linux/aarch64=x", ["= linux/aarch64"]),
        ("linux/amd64=x linux/amd64=y", "linux/amd64=y linux/amd64=x", ["~ linux/amd64"]),
        ("windows/amd64:10.0.1=x", "windows/amd64:10.0.2=y", ["~ windows/amd64 10.0.2"]),
        (
            "windows/amd64:10.0.1=x windows/amd64:10.1.1=u",
            "windows/amd64:10.0.2=y windows/amd64:10.1.1=u",
            ["~ windows/amd64 10.0.2", "= windows/amd64 10.1.1"],
        ),
        (
            "windows/amd64:10.0.1=x windows/amd64:10.1.1=u",
            "windows/amd64:10.0.2=y",
            ["- windows/amd64 10.0.1", "- windows/amd64 10.1.1", "+ windows/amd64 10.0.2"],
        ),
        ("", "", []),
    ],
)
def test_platforms_are_paired(a: str, b: str, expected: list[str]) -> None:
    pairs = pair_platforms(listed(a), listed(b))
    assert [f"{pair.change.value} {pair.platform}" for pair in pairs] == expected


def test_indexes_of_hostile_length_are_compared_in_time() -> None:
    a, b = (
        [ListedImage(Platform("windows", "amd64", "", f"{side}.{at}"), LAYER) for at in range(20_000)] for side in "ab"
    )
    begun = process_time()
    assert len(pair_platforms(a, b)) == 40_000
    assert process_time() < begun + 2


def test_an_entry_without_a_usable_digest_is_the_same_as_nothing() -> None:
    nameless = ListedImage(Platform("linux", "amd64"), Descriptor(OCI_MANIFEST, None, 5))
    assert [pair.change for pair in pair_platforms([nameless], [nameless])] == [Change.CHANGED]


def test_configs_of_hostile_length_are_compared_in_time() -> None:
    many = tuple(f"V{at}={at}" for at in range(20_000))
    one = Config(Platform("linux", "amd64"), env=many)
    two = Config(Platform("linux", "amd64"), env=tuple(reversed(many)))
    compared = compare_images(ImageSide(manifest("a"), one), ImageSide(manifest("a"), two))
    assert compared.config == ()
