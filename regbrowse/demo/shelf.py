"""Repositories of the demo: what is on a shelf, built when somebody looks at it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from regbrowse.demo.layers import measure_of

Json = dict[str, Any]

KEPT = 64
"""Contents in memory for one repository, about 150 KB each."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def digest_of(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def encode(value: Json) -> bytes:
    """JSON as BuildKit writes it: indented by two spaces."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def compact(value: Json) -> bytes:
    """JSON as docker writes configs: on one line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(slots=True)
class Content:
    """All that belongs to one tag: manifests and blobs by digest, and what is said about them."""

    root: str = ""
    """The digest the tag points to."""
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Media type and body."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    layers: set[str] = field(default_factory=set)
    """Digests of planned layers, which are made when they are read."""
    referrers: dict[str, list[Json]] = field(default_factory=dict)
    """Descriptors by the digest of their subject."""
    absent: set[str] = field(default_factory=set)
    """Digests that are named and deliberately not there."""

    def manifest(self, value: Json, *, media_type: str = "", raw: bytes | None = None, **more: Any) -> Json:
        """Puts a manifest on the shelf and gives its descriptor."""
        body = encode(value) if raw is None else raw
        media_type = media_type or value["mediaType"]
        digest = digest_of(body)
        self.manifests[digest] = (media_type, body)
        return {"mediaType": media_type, "digest": digest, "size": len(body), **more}

    def blob(self, body: bytes, media_type: str, **more: Any) -> Json:
        """Puts a blob on the shelf and gives its descriptor."""
        digest = digest_of(body)
        self.blobs[digest] = body
        return {"mediaType": media_type, "digest": digest, "size": len(body), **more}

    def layer(self, name: str, media_type: str, **more: Any) -> Json:
        """The descriptor of a planned layer."""
        known = measure_of(name)
        self.layers.add(known.digest)
        return {"mediaType": media_type, "digest": known.digest, "size": known.size, **more}

    def refer(self, subject: Json, artifact: Json, artifact_type: str) -> Json:
        """Puts a manifest with a subject on the shelf; the referrers API will name it."""
        artifact["subject"] = {key: subject[key] for key in ("mediaType", "digest", "size")}
        descriptor = self.manifest(artifact)
        descriptor["artifactType"] = artifact_type
        if "annotations" in artifact:
            descriptor["annotations"] = artifact["annotations"]
        self.referrers.setdefault(subject["digest"], []).append(descriptor)
        return descriptor


Build = Callable[[str], Content]


class Shelf:
    """One repository: its tags in the order they are served, and their content once it is asked for."""

    def __init__(
        self,
        tags: Mapping[str, str],
        build: Build,
        *,
        aside: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        hint: Callable[[str], str | None] | None = None,
        login: bool = False,
        failure: int = 0,
    ) -> None:
        self.tags = tags
        """Each tag with the key of what it points to: tags with the same key are aliases."""
        self.headers = headers or {}
        """Sent with every manifest."""
        self.login = login
        self.failure = failure
        """A status every question is answered with; 0 for none."""
        self._build = build
        self._hint = hint or (lambda _: None)
        self._order = list(dict.fromkeys([*aside, *tags.values()]))
        """Keys in the order in which they are built to find a digest."""
        self._built: dict[str, Content] = {}
        self._where: dict[str, str] = {}
        """The key for each digest that was ever built: content may be dropped and built again."""
        self._seen: set[str] = set()

    def tagged(self, tag: str) -> Content | None:
        """What a tag points to, built now if it was not."""
        key = self.tags.get(tag)
        return None if key is None else self.content(key)

    def content(self, key: str) -> Content:
        """The content of a key; the most recently used ones are kept."""
        content = self._built.pop(key, None) or self._build(key)
        self._built[key] = content
        if len(self._built) > KEPT:
            del self._built[next(iter(self._built))]
        if key not in self._seen:
            self._seen.add(key)
            for digest in (*content.manifests, *content.blobs, *content.layers, *content.absent):
                self._where.setdefault(digest, key)
        return content

    def holders(self, digest: str) -> Iterator[Content]:
        """Contents that may hold a digest: the one known to, else all that were never built, one by one."""
        if digest in self._where:
            yield self.content(self._where[digest])
            return
        hint = self._hint(digest)
        for key in [*([hint] if hint else []), *self._order]:
            if key not in self._seen:
                yield self.content(key)

    def referrers(self, digest: str) -> list[Json]:
        """What refers to a digest; only content that was built or is hinted at is looked through."""
        key = self._where.get(digest) or self._hint(digest)
        return self.content(key).referrers.get(digest, []) if key else []

    @property
    def opened(self) -> int:
        """How many keys were ever built."""
        return len(self._seen)
