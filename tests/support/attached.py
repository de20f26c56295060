"""What hangs on one image, as registries list it."""

from __future__ import annotations

import json

from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from regbrowse.registry.content.cache import ContentCache
from regbrowse.registry.content.manifest_fetcher import ManifestFetcher
from regbrowse.registry.content.manifests import Manifests
from regbrowse.registry.models import Referrers
from regbrowse.registry.referrers.finder import ReferrerFinder
from regbrowse.registry.referrers.tag_schema import referrers_tag
from support.fake_registry import FakeRegistry, Fault
from support.images import OCI_INDEX, OCI_MANIFEST, Json, Made, artifact, image

APP = image()
SUBJECT = Digest.parse(APP.digest)
API = f"/v2/acme/app/referrers/{SUBJECT}"
TAG = f"/v2/acme/app/manifests/{referrers_tag(SUBJECT)}"
SIGNATURE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SBOM = "application/spdx+json"
JSON = [("Content-Type", OCI_INDEX)]
EMPTY = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()
NO_API = "has no referrers API; looked at tags instead."


def finder_of(client: Client) -> ReferrerFinder:
    fetcher = ManifestFetcher(client.auth)
    return ReferrerFinder(client.auth, fetcher, Manifests(fetcher, ContentCache(client.auth.user_for)))


def attached(kind: str, number: int = 0) -> Made:
    return artifact(kind, subject=APP, annotations={"number": str(number)})


def listing(*entries: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}).encode()


def entry(number: int, kind: str = SIGNATURE) -> Json:
    digest = str(Digest.of(str(number).encode()))
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 2, "artifactType": kind}


def offer(registry: FakeRegistry, *entries: object) -> None:
    registry.fault(API, Fault(status=200, body=listing(*entries), headers=JSON))


def digests(found: Referrers) -> list[str]:
    return [str(each.descriptor.digest) for each in found.entries]
