"""Makes hostile input: real documents with wrong fields, real headers with broken grammar, and plain noise."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

from fuzz.binaries import ARCHIVE
from support.documents import DOCUMENTS, WRONG, places, replaced

DIGEST = "sha256:" + "a" * 64
HEADERS: tuple[str, ...] = (
    'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push"',
    "bearer realm=https://zot.example.com/zot/auth/token,service=zot,scope=",
    'Negotiate YII==, Basic realm="x" charset="UTF-8"',
    'Bearer realm="https://a.example.com/t?x=\\"q\\",1",error="invalid_token",error_description="\x1b[31m"',
    '</v2/a/tags/list?last=b&n=2>; rel="next", </TheBook/chapter4>; rel="prev next"; title*=UTF-8\'\'%20',
    "<//evil.example.com/x>; REL=Next",
    '299 - "soon \\"gone\\"" "Tue, 15 Nov 1994 08:12:31 GMT"',
    "100;w=21600",
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "bytes 0-1/2",
    "https://user:pw@storage.example.com/x?X-Amz-Signature=s3cr3t-canary&n=5#f",
    "repository:host:5000/a/b:pull,push registry:catalog:*",
    "localhost:5000/a/b:tag@" + DIGEST,
    "docker pull alpine:3.20",
    "image: ghcr.io/org/app@" + DIGEST,
    "https://hub.docker.com/r/ns/name/tags",
    "application/vnd.oci.image.index.v1+json; charset=utf-8",
    "2024-06-18T09:41:00.123456789+02:00",
    "1718703660000",
    'platform = "linux/arm64"\n[cache]\nsize = "256 MiB"\n[registry."a.example.com:5000"]\nconnections = 4\n',
    '[registry."localhost:5000"]\nplain_http = true\nca = "ca.pem"\nmirror = "m.example.com/hub"\n',
    'unqualified-search-registries = ["docker.io"]\n[[registry]]\nprefix = "*.example.com"\nlocation = "b.example/x"\n'
    'insecure = true\nblocked = false\n[[registry.mirror]]\nlocation = "m.example.com"\n[aliases]\n"a" = "b.example"\n',
    "10.0.0.0/8,.example.com:5000,[fd00::1]:443,*",
    "http://user:s3cr3t-canary@proxy.example.com:3128",
)
LISTS: tuple[object, ...] = (
    {"name": "a", "tags": ["1", "2", None, 5, "", DIGEST, "a/b", "x" * 129, "1"]},
    {"repositories": ["a", "a/b", "../x", "A", None, {"x": 1}]},
    {"tags": None, "errors": [{"code": "UNKNOWN", "message": "\x1b[2J", "detail": [1]}]},
    {"errors": [{"status": 400, "message": "m"}, "text", None]},
    {"error": "invalid", "error_description": "d"},
    {"token": "t", "access_token": "u", "expires_in": 300, "issued_at": "1990-01-01T00:00:00Z"},
    {"child": [], "manifest": {DIGEST: {"imageSizeBytes": "12", "tag": ["1"], "timeCreatedMs": "0"}}, "tags": ["1"]},
    {
        "schemaVersion": 2,
        "manifests": [
            {"digest": DIGEST, "size": 5, "annotations": {"org.opencontainers.image.ref.name": "a/b:1"}},
            {"digest": DIGEST, "size": 5, "annotations": {"io.containerd.image.name": "docker.io/library/a:1"}},
        ],
    },
    [{"Config": "c.json", "RepoTags": ["a/b:1", None], "Layers": ["1/layer.tar", "../x"], "LayerSources": {}}],
    {
        "results": [
            {
                "name": "1",
                "full_size": 5,
                "last_updated": "2024-06-18T09:41:00Z",
                "images": [{"os": "linux", "size": 5}],
            },
            {"name": "b", "namespace": {"name": "a"}, "description": "x", "repo_name": "a/b", "star_count": 1},
            {"name": "1", "start_ts": 5, "last_modified": "Tue, 18 Jun 2024 09:41:00 -0000", "manifest_digest": DIGEST},
            {"Tag": "1", "LastUpdated": "2024-06-18T09:41:00Z", "Size": "5", "Digest": DIGEST},
            {"digest": DIGEST, "size": 5, "push_time": "0001-01-01T00:00:00Z", "tags": [{"name": "1"}]},
        ],
        "data": {"ImageList": {"Results": []}},
        "errors": [{"message": "m"}],
    },
    {"insecure-registries": ["10.0.0.0/8", "a:5000", 5], "registry-mirrors": ["https://m.example.com/"]},
    {"auths": {"a.example.com": {"auth": "YTpi"}, "b": {"identitytoken": "t"}}, "credHelpers": {"c": "x"}},
)
NOISE = '<>",;=:/\\ \t\r\n\x00\x1b\x9b\u202e\u200b{}[]()@%&?#~é日\ud800'
WORDS = ("next", "realm=", "Bearer", "rel=", '"', "\\", ",", ";", "%00", "..", "\x1b]52;c;A\x07", "9" * 400, "1e400")
BYTES = (b"\xef\xbb\xbf", b"\x00", b"NaN", b"1e999", b'{"a":1,"a":2}', b"\\ud800")


@dataclass
class Maker:
    """Everything from one seed, so that a failure can be repeated."""

    random: random.Random
    _places: dict[str, list[tuple[str | int, ...]]] = field(default_factory=dict)

    def document(self) -> tuple[str, bytes]:
        """The name of what it was made from, and the bytes."""
        roll = self.random.random()
        if roll < 0.12:
            return "list", self._scrambled(json.dumps(self._wrong(self.random.choice(LISTS))).encode())
        if roll < 0.14:
            return "archive", self._scrambled(ARCHIVE)
        if roll < 0.18:
            return "noise", self.random.randbytes(self.random.randrange(0, 300))
        if roll < 0.21:
            depth = self.random.choice((10, 63, 64, 65, 500, 5000))
            return "deep", b"[" * depth + b"1" + b"]" * self.random.choice((depth, 0, depth - 1))
        name = self.random.choice(tuple(DOCUMENTS))
        value: object = DOCUMENTS[name]
        known = self._places.setdefault(name, list(places(value)))
        for _ in range(self.random.randrange(1, 4)):
            try:
                value = replaced(value, self.random.choice(known), self.random.choice(WRONG))
            except (KeyError, IndexError, TypeError):
                continue  # an earlier replacement took the place away
        return name, self._scrambled(json.dumps(value).encode())

    def _wrong(self, value: object) -> object:
        if self.random.random() < 0.7:
            return replaced(value, self.random.choice(list(places(value))), self.random.choice(WRONG))
        return value

    def _scrambled(self, raw: bytes) -> bytes:
        if self.random.random() < 0.6 or not raw:
            return raw
        changed = bytearray(raw)
        for _ in range(self.random.randrange(1, 5)):
            at = self.random.randrange(len(changed) or 1)
            match self.random.randrange(4):
                case 0:
                    changed[at : at + 1] = bytes([self.random.randrange(256)])
                case 1:
                    del changed[at : at + self.random.randrange(1, 20)]
                case 2:
                    changed[at:at] = changed[: self.random.randrange(0, 40)]
                case _:
                    changed[at:at] = self.random.choice(BYTES)
            if not changed:
                break
        return bytes(changed)

    def text(self) -> str:
        """A header value, an address or something somebody typed."""
        if self.random.random() < 0.1:
            return "".join(self.random.choice(NOISE) for _ in range(self.random.randrange(60)))
        text = self.random.choice(HEADERS)
        for _ in range(self.random.randrange(0, 5)):
            at = self.random.randrange(len(text) + 1)
            match self.random.randrange(5):
                case 0:
                    text = text[:at] + self.random.choice(NOISE) + text[at:]
                case 1:
                    text = text[:at] + text[at + self.random.randrange(1, 12) :]
                case 2:
                    text = text[:at] + self.random.choice(WORDS) + text[at:]
                case 3:
                    text = text[:at] + self.random.choice(HEADERS)
                case _:
                    text = text[:at] * self.random.choice((1, 1, 2, 50))
        return text[:40_000]
