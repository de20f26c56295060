"""acme/shop/webapp: a multi-arch web application with attestations, as BuildKit builds it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from demo_layouts.attestations import add_attestations
from demo_layouts.image import Step, add_image, earlier
from demo_layouts.layers import BUILDS
from demo_layouts.layout import Json, Layout
from demo_layouts.signatures import add_signature, refer_report, refer_signature
from demo_layouts.versions import NAMED, NEWEST, ORPHANS, SIGNED, aliases, orphan, stable
from regbrowse.demo.releases import Releases, revision_of
from regbrowse.oci.mediatype import OCI_INDEX, OCI_MANIFEST

NAME = "acme/shop/webapp"
LINUX = (
    ("amd64", {"architecture": "amd64", "os": "linux"}),
    ("arm64", {"architecture": "arm64", "os": "linux", "variant": "v8"}),
    ("armv7", {"architecture": "arm", "os": "linux", "variant": "v7"}),
)
WINDOWS = {"architecture": "amd64", "os": "windows", "os.version": "10.0.20348.2527"}
ABSENT = {"architecture": "s390x", "os": "linux"}
_CREATED = "2024-06-18T09:41:07.118204Z"
_DEBIAN, _NODE = "12.6", "20.15.0"
_BEFORE_2_13 = "before 2.13"
_UNSTABLE = "unstable"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_APT = (
    "/bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl openssl tini"
    " && rm -rf /var/lib/apt/lists/* /usr/share/doc/README"
)


def webapp(layout: Layout) -> Json:
    """Add the newest release, what refers to it, and `releases.json`; gives the descriptor of its index."""
    index, documents = _newest(layout)
    own = [tag for tag, version in aliases().items() if version == NEWEST]
    layout.tag(index, NEWEST, *own)
    before = set(layout.files)
    signature = add_signature(layout, layout.name, index["digest"])
    signed = [path.rpartition("/")[2] for path in layout.files if path not in before]
    layout.tag(signature, index["digest"].replace(":", "-") + ".sig")
    refer_signature(layout, index)
    refer_report(layout, index, _CREATED)
    value: Json = {
        "newest": NEWEST,
        "created": _CREATED,
        "documents": documents,
        "signature": signed,
        **_changes(layout),
        "aliases": {tag: version for tag, version in aliases().items() if tag not in own},
        "releases": {version: [created, *changes] for version, created, *changes in _releases()},
        "signatures": [],
    }
    value["signatures"] = [*_signed_versions(layout, value), *map(orphan, range(ORPHANS))]
    layout.files["releases.json"] = json.dumps(value, indent=1).encode()
    return index


def _newest(layout: Layout) -> tuple[Json, list[str]]:
    """Add the newest release; gives the descriptor of its index, and the digests of its documents, children first."""
    revision = revision_of(NEWEST)
    labels = _labels(revision)
    before = set(layout.files)
    images: list[Json] = []
    attestations: list[Json] = []
    for arch, platform in LINUX:
        image = add_image(
            layout,
            _steps(arch),
            created=_CREATED,
            platform=platform,
            config=_config(labels),
            author="shop platform team",
        )
        images.append(image)
        started = earlier(_CREATED, 141)
        attestations.append(
            add_attestations(
                layout, image, created=_CREATED, started=started, revision=revision, debian=_DEBIAN, node=_NODE
            )
        )
    images.append(_windows(layout, labels))
    images.append({"mediaType": OCI_MANIFEST, "digest": f"sha256:{_missing()}", "size": 1337, "platform": ABSENT})
    index: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": images + attestations,
        "annotations": {
            "org.opencontainers.image.created": _CREATED,
            "org.opencontainers.image.revision": revision,
            "org.opencontainers.image.version": NEWEST,
        },
    }
    descriptor = layout.manifest(index)
    # A document is added when its digest is known, so what it names was added before it.
    added = [path for path in layout.files if path not in before and path.startswith("blobs/")]
    return descriptor, [path.rpartition("/")[2] for path in added if layout.files[path].startswith(b"{")]


def _missing() -> str:
    return hashlib.sha256(f"{NAME} linux/s390x".encode()).hexdigest()


def _releases() -> Iterator[tuple[str, ...]]:
    """All other versions: each with its time and its changes, in the order in which they are searched."""
    for at, version in enumerate(stable()):
        if version == NEWEST:
            continue
        created = earlier(f"2024-06-18T09:41:07.{(118_204 + at * 7919) % 1_000_000:06d}Z", at * 178_523)
        old = [] if tuple(map(int, version.split("."))) >= (2, 13, 0) else [_BEFORE_2_13]
        yield version, created, *old, _build(version)
    for version, created in NAMED.items():
        yield version, created, _UNSTABLE, _build(version)


def _build(version: str) -> str:
    """Which of the few builds a version has in its last layers."""
    if version in BUILDS:
        return version
    return "3.0.0-rc.2" if "rc" in version else "old-" + "abcd"[sum(map(int, version.split("."))) % 4]


def _package(build: str) -> str:
    return f"package-{build if build[0].isdigit() else 'development'}"


def _changes(layout: Layout) -> dict[str, Json]:
    """What is different in other releases, and the sizes of their layers."""
    sizes: dict[str, int] = {}

    def exchanged(old: str, new: str) -> dict[str, str]:
        """The digests of one layer for those of another."""
        layout.layer(new)
        sizes[layout.layers[new].encoded] = layout.layers[new].size
        pairs = zip(layout.layers[old].digests, layout.layers[new].digests, strict=True)
        return dict(pairs)

    before: dict[str, str] = {
        f"(debian {_DEBIAN} slim)": "(debian 12.5 slim)",
        f"-{_DEBIAN}": "-12.5",
        _NODE: "18.20.3",
    }
    for arch, _ in LINUX:
        for name, old, new in (("debian", _DEBIAN, "12.5"), ("apt", _DEBIAN, "12.5"), ("node", _NODE, "18.20.3")):
            before |= exchanged(f"{name}-{old}-{arch}", f"{name}-{new}-{arch}")
    changes = {
        _BEFORE_2_13: before,
        _UNSTABLE: {"RUN /bin/sh -c apt": "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked /bin/sh -c apt"},
    }
    for build in BUILDS[1:]:
        changes[build] = exchanged(f"dist-{NEWEST}", f"dist-{build}")
        changes[build] |= exchanged(_package(NEWEST), _package(build))
    return {"changes": changes, "sizes": sizes}


def _signed_versions(layout: Layout, value: Json) -> list[str]:
    """The digests of the versions that are signed, beside the newest; they are derived as the demo derives them."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in {**layout.files, "releases.json": json.dumps(value).encode()}.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        releases = Releases(Path(folder))
        return [str(releases.digest(version))[7:] for version in stable()[1:SIGNED]]


def _steps(arch: str) -> Iterator[Step]:
    days = 86_400
    yield Step(
        f"/bin/sh -c #(nop) ADD rootfs.tar.xz /  (debian {_DEBIAN} slim)",
        f"debian-{_DEBIAN}-{arch}",
        comment="debuerreotype 0.15",
        at=7 * days,
    )
    yield Step('/bin/sh -c #(nop)  CMD ["bash"]', comment="", at=7 * days - 1)
    yield Step(f"RUN {_APT} # buildkit", f"apt-{_DEBIAN}-{arch}", at=97)
    yield Step(f"ENV NODE_VERSION={_NODE} NODE_ENV=production", at=97)
    yield Step("COPY --from=build /usr/local/bin/node /usr/local/bin/node # buildkit", f"node-{_NODE}-{arch}", at=41)
    yield Step("WORKDIR /srv/webapp", "workdir", at=40)
    yield Step("COPY --chown=app:app dist/ /srv/webapp # buildkit", f"dist-{NEWEST}", at=3)
    yield Step(
        "COPY package.json package-lock.json healthcheck.js /srv/webapp/ # buildkit",
        _package(NEWEST),
    )
    yield Step("USER app")
    yield Step("EXPOSE map[8080/tcp:{}]")
    yield Step('HEALTHCHECK &{["CMD" "node" "healthcheck.js"] "30s" "0s" "0s" "0s" \'\\x03\'}')
    yield Step('ENTRYPOINT ["/usr/bin/tini" "--" "node" "server.js"]')


def _config(labels: Json) -> Json:
    return {
        "User": "app",
        "ExposedPorts": {"8080/tcp": {}},
        "Env": [f"PATH={_PATH}", f"NODE_VERSION={_NODE}", "NODE_ENV=production"],
        "Entrypoint": ["/usr/bin/tini", "--", "node", "server.js"],
        "WorkingDir": "/srv/webapp",
        "Labels": labels,
        "Healthcheck": {"Test": ["CMD", "node", "healthcheck.js"], "Interval": 30_000_000_000, "Retries": 3},
        "StopSignal": "SIGTERM",
    }


def _labels(revision: str) -> Json:
    return {
        "org.opencontainers.image.created": _CREATED,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": "https://github.com/acme/shop",
        "org.opencontainers.image.title": "webapp",
        "org.opencontainers.image.version": NEWEST,
    }


def _windows(layout: Layout, labels: Json) -> Json:
    comment = "buildkit.dockerfile.v0"
    steps = (
        Step("Apply image 10.0.20348.2461", "windows-base", comment="", at=8 * 86_400),
        Step("Install update 10.0.20348.2527", "windows-update", comment="", at=6 * 86_400),
        Step("SHELL [powershell -Command $ErrorActionPreference = 'Stop';]", comment=comment, at=200),
        Step("ENV NODE_ENV=production", comment=comment, at=200),
        Step("COPY --from=build C:\\out\\ C:\\ # buildkit", "windows-app", comment=comment),
        Step('ENTRYPOINT ["node.exe" "C:\\\\webapp\\\\server.js"]', comment=comment),
    )
    config: Json = {
        "User": "ContainerUser",
        "ExposedPorts": {"8080/tcp": {}},
        "Env": ["PATH=c:\\Windows\\System32;c:\\Windows;C:\\Program Files\\nodejs", "NODE_ENV=production"],
        "Entrypoint": ["node.exe", "C:\\webapp\\server.js"],
        "WorkingDir": "C:\\webapp",
        "Labels": labels,
    }
    return add_image(layout, steps, created=_CREATED, platform=WINDOWS, config=config, author="shop platform team")
