"""acme/shop/webapp: a multi-arch web application with attestations, as BuildKit builds it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from regbrowse.demo.attest import put_attestations
from regbrowse.demo.image import Step, earlier, put_image
from regbrowse.demo.layer_plans import BUILDS
from regbrowse.demo.shelf import OCI_INDEX, OCI_MANIFEST, Content, Json
from regbrowse.demo.supply import put_sarif, put_signature, signature_image
from regbrowse.demo.versions import NEWEST, orphan, signed_digest, stable

NAME = "acme/shop/webapp"
LINUX = (
    ("amd64", {"architecture": "amd64", "os": "linux"}),
    ("arm64", {"architecture": "arm64", "os": "linux", "variant": "v8"}),
    ("armv7", {"architecture": "arm", "os": "linux", "variant": "v7"}),
)
WINDOWS = {"architecture": "amd64", "os": "windows", "os.version": "10.0.20348.2527"}
ABSENT = {"architecture": "s390x", "os": "linux"}
_NAMED = {
    NEWEST: "2024-06-18T09:41:07.118204Z",
    "3.0.0-rc.1": "2024-06-06T15:02:44.650917Z",
    "3.0.0-rc.2": "2024-06-20T13:27:19.402885Z",
    "main": "2024-06-21T16:55:03.773146Z",
    "nightly": "2024-06-22T02:00:38.091552Z",
}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_APT = (
    "/bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl openssl tini"
    " && rm -rf /var/lib/apt/lists/* /usr/share/doc/README"
)


def build_webapp(key: str) -> Content:
    """The content of one tag; the key is a version, `main`, `nightly` or `sig …`."""
    if key.startswith("sig #"):
        return signature_image(NAME, orphan(int(key[5:])))
    if key.startswith("sig "):
        return signature_image(NAME, signed_digest(key[4:]))
    content = Content()
    created = _created(key)
    modern = key not in stable() or tuple(map(int, key.split("."))) >= (2, 13, 0)
    debian, node = ("12.6", "20.15.0") if modern else ("12.5", "18.20.3")
    revision = hashlib.sha1(f"acme/shop {key}".encode(), usedforsecurity=False).hexdigest()
    labels = _labels(key, created, revision)
    images: list[Json] = []
    notes: list[Json] = []
    for arch, platform in LINUX:
        image = put_image(
            content,
            _steps(key, arch, debian, node),
            created=created,
            platform=platform,
            config=_config(node, labels),
            author="shop platform team",
        )
        images.append(image)
        started = earlier(created, 141)
        notes.append(
            put_attestations(
                content, image, created=created, started=started, revision=revision, debian=debian, node=node
            )
        )
    images.append(_windows(content, created, labels))
    missing = "sha256:" + hashlib.sha256(f"{NAME} {key} linux/s390x".encode()).hexdigest()
    content.absent.add(missing)
    images.append({"mediaType": OCI_MANIFEST, "digest": missing, "size": 1337, "platform": ABSENT})
    index: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": images + notes,
        "annotations": {
            "org.opencontainers.image.created": created,
            "org.opencontainers.image.revision": revision,
            "org.opencontainers.image.version": key,
        },
    }
    descriptor = content.manifest(index)
    content.root = descriptor["digest"]
    if key == NEWEST:
        put_signature(content, NAME, descriptor)
        put_sarif(content, descriptor, created)
    return content


def _created(key: str) -> str:
    if key in _NAMED:
        return _NAMED[key]
    at = stable().index(key)
    return earlier(f"2024-06-18T09:41:07.{(118_204 + at * 7919) % 1_000_000:06d}Z", at * 178_523)


def _build(key: str) -> str:
    """Which of the few packed builds a version has in its last layers."""
    if key in BUILDS:
        return key
    return "3.0.0-rc.2" if "rc" in key else "old-" + "abcd"[sum(map(int, key.split("."))) % 4]


def _steps(key: str, arch: str, debian: str, node: str) -> Iterator[Step]:
    cache = "" if key in stable() else "--mount=type=cache,target=/var/cache/apt,sharing=locked "
    days = 86_400
    yield Step(
        f"/bin/sh -c #(nop) ADD rootfs.tar.xz /  (debian {debian} slim)",
        f"debian-{debian}-{arch}",
        comment="debuerreotype 0.15",
        at=7 * days,
    )
    yield Step('/bin/sh -c #(nop)  CMD ["bash"]', comment="", at=7 * days - 1)
    yield Step(f"RUN {cache}{_APT} # buildkit", f"apt-{debian}-{arch}", at=97)
    yield Step(f"ENV NODE_VERSION={node} NODE_ENV=production", at=97)
    yield Step("COPY --from=build /usr/local/bin/node /usr/local/bin/node # buildkit", f"node-{node}-{arch}", at=41)
    yield Step("WORKDIR /srv/webapp", "workdir", at=40)
    yield Step("COPY --chown=app:app dist/ /srv/webapp # buildkit", f"dist-{_build(key)}", kind="zstd", at=3)
    yield Step(
        "COPY package.json package-lock.json healthcheck.js /srv/webapp/ # buildkit",
        f"package-{_build(key)}",
        kind="zstd",
    )
    yield Step("USER app")
    yield Step("EXPOSE map[8080/tcp:{}]")
    yield Step('HEALTHCHECK &{["CMD" "node" "healthcheck.js"] "30s" "0s" "0s" "0s" \'\\x03\'}')
    yield Step('ENTRYPOINT ["/usr/bin/tini" "--" "node" "server.js"]')


def _config(node: str, labels: Json) -> Json:
    return {
        "User": "app",
        "ExposedPorts": {"8080/tcp": {}},
        "Env": [f"PATH={_PATH}", f"NODE_VERSION={node}", "NODE_ENV=production"],
        "Entrypoint": ["/usr/bin/tini", "--", "node", "server.js"],
        "WorkingDir": "/srv/webapp",
        "Labels": labels,
        "Healthcheck": {"Test": ["CMD", "node", "healthcheck.js"], "Interval": 30_000_000_000, "Retries": 3},
        "StopSignal": "SIGTERM",
    }


def _labels(key: str, created: str, revision: str) -> Json:
    return {
        "org.opencontainers.image.created": created,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": "https://github.com/acme/shop",
        "org.opencontainers.image.title": "webapp",
        "org.opencontainers.image.version": key,
    }


def _windows(content: Content, created: str, labels: Json) -> Json:
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
    return put_image(content, steps, created=created, platform=WINDOWS, config=config, author="shop platform team")
