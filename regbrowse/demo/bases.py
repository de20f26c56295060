"""Base images of the demo: Docker's formats, nested indexes, and images that are odd in one way."""

from __future__ import annotations

import hashlib

from regbrowse.demo.image import Step, put_image
from regbrowse.demo.shelf import DOCKER_LIST, OCI_INDEX, OCI_MANIFEST, Content, Json

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


def put_alpine(
    content: Content, release: str, arch: str = "amd64", *, docker: bool = True, labels: Json | None = None
) -> Json:
    """A small image of one layer."""
    platform = dict(PLATFORMS)[arch]
    return put_image(
        content,
        alpine_steps(release, arch),
        created=_CREATED[release],
        platform=platform,
        config={"Env": [_PATH], "Cmd": ["/bin/sh"], "Labels": labels},
        docker=docker,
    )


def build_alpine(key: str) -> Content:
    """A Docker manifest list, or with a suffix one of its images alone."""
    content = Content()
    release, _, suffix = key.partition("-")
    if suffix == "amd64":
        content.root = put_alpine(content, release)["digest"]
        return content
    if suffix == "tools":
        content.root = _tools(content, release)["digest"]
        return content
    images = [put_alpine(content, release, arch) for arch, _ in PLATFORMS]
    content.root = content.manifest({"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": images})["digest"]
    return content


def _tools(content: Content, release: str) -> Json:
    steps = (
        *alpine_steps(release, "amd64"),
        Step("ARG CURL_VERSION=8.9.1"),
        Step("RUN |1 CURL_VERSION=8.9.1 /bin/sh -c apk add --no-cache curl=${CURL_VERSION} # buildkit", "tools"),
        Step('ENTRYPOINT ["curl"]'),
    )
    config: Json = {"Env": [_PATH], "Entrypoint": ["curl"], "User": "nobody"}
    return put_image(content, steps, created="2024-09-10T07:14:55.120034Z", platform=AMD64, config=config, docker=True)


def build_nested(_key: str) -> Content:
    """An index of indexes: one for each release, and one image beside them."""
    content = Content()
    inner: list[Json] = []
    for release in _CREATED:
        images = [put_alpine(content, release, arch, docker=False) for arch, _ in PLATFORMS]
        index: Json = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": images}
        about = {"org.opencontainers.image.ref.name": release}
        inner.append(content.manifest(index, annotations=about))
    inner.append(put_alpine(content, "3.20.3", labels={"org.opencontainers.image.title": "beside the indexes"}))
    content.root = content.manifest({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": inner})["digest"]
    return content


def build_squashed(_key: str) -> Content:
    """An image whose history names one layer while it has three."""
    content = Content()
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
    image = put_image(content, steps, created=created, platform=AMD64, config={"Cmd": ["/bin/sh"]}, history=history)
    content.root = image["digest"]
    return content


def build_big(_key: str) -> Content:
    """An image with a config of 300 KB."""
    content = Content()
    labels: Json = {
        f"com.acme.inventory.{number:04d}": hashlib.sha256(f"part {number}".encode()).hexdigest() * (1 + number % 2)
        for number in range(2000)
    }
    labels["com.acme.changelog"] = "".join(f"{year}: {'fixed a few things; ' * 40}\n" for year in range(1990, 2025))
    image = put_image(
        content,
        alpine_steps("3.20.3", "amd64"),
        created="2024-03-11T10:00:00Z",
        platform=AMD64,
        config={"Env": [_PATH, *(f"FEATURE_{n:03d}=on" for n in range(300))], "Cmd": ["/bin/sh"], "Labels": labels},
    )
    content.root = image["digest"]
    return content


def build_mismatch(_key: str) -> Content:
    """An index with one child whose bytes are not those its digest names."""
    content = Content()
    images = [put_alpine(content, "3.20.3", arch, docker=False) for arch, _ in PLATFORMS]
    index: Json = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": images}
    content.root = content.manifest(index)["digest"]
    digest = images[2]["digest"]
    body = content.manifests[digest][1]
    content.manifests[digest] = (OCI_MANIFEST, body.replace(b'"schemaVersion": 2', b'"schemaVersion":  2')[:-2] + b"}")
    return content


def build_plain(key: str) -> Content:
    """One Docker image, for repositories where only the way in matters."""
    content = Content()
    labels = {"org.opencontainers.image.version": key}
    content.root = put_alpine(content, "3.20.3", labels=labels)["digest"]
    return content
