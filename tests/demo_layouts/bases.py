"""Small images of the demo: Docker's formats, nested indexes, and images that are odd in one way."""

from __future__ import annotations

import hashlib

from demo_layouts.image import Step, add_image
from demo_layouts.layout import Json, Layout
from regbrowse.oci.mediatype import DOCKER_LIST, OCI_INDEX

_CREATED = {"3.20.3": "2024-09-06T12:05:36.514210Z", "3.19.4": "2024-09-06T11:58:02.207715Z"}
PLATFORMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("amd64", {"architecture": "amd64", "os": "linux"}),
    ("armv7", {"architecture": "arm", "os": "linux", "variant": "v7"}),
    ("arm64", {"architecture": "arm64", "os": "linux", "variant": "v8"}),
)
AMD64 = PLATFORMS[0][1]
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def alpine_steps(release: str, arch: str) -> tuple[Step, ...]:
    """How the classic docker builder wrote its history."""
    added = hashlib.sha256(f"{release} {arch}".encode()).hexdigest()
    return (
        Step(f"/bin/sh -c #(nop) ADD file:{added} in / ", f"alpine-{release}-{arch}", comment="", at=1),
        Step('/bin/sh -c #(nop)  CMD ["/bin/sh"]', comment=""),
    )


def add_alpine(
    layout: Layout, release: str, arch: str = "amd64", *, docker: bool = True, labels: Json | None = None
) -> Json:
    """Add a small image of one layer; gives its descriptor."""
    platform = dict(PLATFORMS)[arch]
    return add_image(
        layout,
        alpine_steps(release, arch),
        created=_CREATED[release],
        platform=platform,
        config={"Env": [_PATH], "Cmd": ["/bin/sh"], "Labels": labels},
        docker=docker,
    )


def alpine(layout: Layout) -> None:
    """Docker manifest lists, one of their images alone, and an image with a layer more."""
    for release, tags in (("3.20.3", ("3.20.3", "3", "3.20", "latest")), ("3.19.4", ("3.19.4", "3.19"))):
        images = [add_alpine(layout, release, arch) for arch, _ in PLATFORMS]
        value = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": images}
        layout.tag(layout.manifest(value), *tags)
    layout.tag(add_alpine(layout, "3.20.3"), "3.20.3-amd64")
    steps = (
        *alpine_steps("3.20.3", "amd64"),
        Step("ARG CURL_VERSION=8.9.1"),
        Step("RUN |1 CURL_VERSION=8.9.1 /bin/sh -c apk add --no-cache curl=${CURL_VERSION} # buildkit", "tools-gzip"),
        Step('ENTRYPOINT ["curl"]'),
    )
    config: Json = {"Env": [_PATH], "Entrypoint": ["curl"], "User": "nobody"}
    tools = add_image(layout, steps, created="2024-09-10T07:14:55.120034Z", platform=AMD64, config=config, docker=True)
    layout.tag(tools, "3.20.3-tools")


def nested(layout: Layout) -> None:
    """An index of indexes: one for each release, and one image beside them."""
    inner: list[Json] = []
    for release in _CREATED:
        images = [add_alpine(layout, release, arch, docker=False) for arch, _ in PLATFORMS]
        index: Json = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": images}
        inner.append(layout.manifest(index, annotations={"org.opencontainers.image.ref.name": release}))
    inner.append(add_alpine(layout, "3.20.3", labels={"org.opencontainers.image.title": "beside the indexes"}))
    layout.tag(layout.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": inner}), "1.0", "latest")


def squashed(layout: Layout) -> None:
    """An image whose history names one layer while it has three."""
    steps = (
        *alpine_steps("3.20.3", "amd64"),
        Step("RUN /bin/sh -c apk add --no-cache curl # buildkit", "tools"),
        Step("COPY motd /etc/motd # buildkit", "notes"),
    )
    created = "2024-05-02T18:30:00Z"
    history: list[Json] = [
        {"created": created, "created_by": "squash --from 3", "comment": "merged"},
        {"created": created, "created_by": 'CMD ["/bin/sh"]', "empty_layer": True},
    ]
    image = add_image(layout, steps, created=created, platform=AMD64, config={"Cmd": ["/bin/sh"]}, history=history)
    layout.tag(image, "latest")


def big_config(layout: Layout) -> None:
    """An image with a config of 300 KB."""
    labels: Json = {
        f"com.acme.inventory.{number:04d}": hashlib.sha256(f"part {number}".encode()).hexdigest() * (1 + number % 2)
        for number in range(2000)
    }
    labels["com.acme.changelog"] = "".join(f"{year}: {'fixed a few things; ' * 40}\n" for year in range(1990, 2025))
    image = add_image(
        layout,
        alpine_steps("3.20.3", "amd64"),
        created="2024-03-11T10:00:00Z",
        platform=AMD64,
        config={"Env": [_PATH, *(f"FEATURE_{n:03d}=on" for n in range(300))], "Cmd": ["/bin/sh"], "Labels": labels},
    )
    layout.tag(image, "latest")


def mismatch(layout: Layout) -> None:
    """An index with one child whose bytes are not those that its digest names."""
    images = [add_alpine(layout, "3.20.3", arch, docker=False) for arch, _ in PLATFORMS]
    layout.tag(layout.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": images}), "latest")
    path = f"blobs/sha256/{images[2]['digest'][7:]}"
    layout.files[path] = layout.files[path].replace(b'"schemaVersion": 2', b'"schemaVersion":  2')[:-2] + b"}"


def odd(layout: Layout) -> None:
    """An index of whose entries most are wrong in one way, as lint tells."""
    (_, amd64), (_, armv7), _ = PLATFORMS
    made = [add_alpine(layout, "3.20.3", arch, docker=False) for arch, _ in PLATFORMS]
    steps = (*alpine_steps("3.19.4", "amd64"), Step("COPY motd /etc/motd # buildkit", "notes"))
    created = _CREATED["3.19.4"]
    squashed = [{"created": created, "created_by": "squash"}]
    again = add_image(
        layout, steps, created=created, platform=amd64, config={"Cmd": ["/bin/sh"]}, docker=True, history=squashed
    )
    packed = add_image(
        layout,
        (*alpine_steps("3.19.4", "armv7"), Step("COPY package.json /srv/ # buildkit", "package-2.14.1")),
        created=created,
        platform=armv7,
        config={"Cmd": ["/bin/sh"]},
        docker=True,
    )
    elsewhere = {**made[2], "platform": {"architecture": "riscv64", "os": "linux"}}
    nameless = {key: made[1][key] for key in ("mediaType", "digest", "size")}
    entries = [made[0], again, packed, elsewhere, nameless]
    layout.tag(layout.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}), "latest")


def plain(layout: Layout, *tags: str) -> None:
    """One Docker image, for repositories where only the way in matters."""
    labels = {"org.opencontainers.image.version": tags[0]}
    layout.tag(add_alpine(layout, "3.20.3", labels=labels), *tags)
