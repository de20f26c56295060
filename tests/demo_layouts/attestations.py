"""Attestations of the demo as BuildKit makes them: an SPDX bill of materials and SLSA v1 provenance.

The packages of the bill are the same for a given base, so their JSON is made once and only the head, which
names the subject, is new for every image.
"""

from __future__ import annotations

import json
from functools import cache

from demo_layouts.layout import Json, Layout, compact
from demo_layouts.texts import package_name, package_version
from regbrowse.oci.mediatype import IN_TOTO, OCI_CONFIG, OCI_MANIFEST

SPDX = "https://spdx.dev/Document"
SLSA = "https://slsa.dev/provenance/v1"
STATEMENT = "https://in-toto.io/Statement/v0.1"
PACKAGES = 212
_DEBIAN_TEXT = (
    "adduser apt base-files base-passwd bash bsdutils ca-certificates coreutils dash debconf dpkg e2fsprogs findutils"
    " gcc-12-base grep gzip hostname init-system-helpers libacl1 libapt-pkg6.0 libattr1 libc-bin libc6 libcurl4"
    " libgcrypt20 libicu72 libnghttp2-14 libssl3 libstdc++6 login mawk mount openssl passwd perl-base sed tar tini"
    " tzdata util-linux zlib1g"
)
_DEBIAN = _DEBIAN_TEXT.split()


@cache
def _packages(debian: str, node: str) -> str:
    packages: list[Json] = []
    for number in range(PACKAGES):
        if number < len(_DEBIAN):
            name, version, licence = _DEBIAN[number], f"{1 + number % 9}.{number % 13}-{debian}", "GPL-2.0-or-later"
            url = f"pkg:deb/debian/{name}@{version}?distro=debian-{debian}"
        elif number == len(_DEBIAN):
            name, version, licence, url = "node", node, "MIT", f"pkg:generic/node@{node}"
        else:
            at = number - len(_DEBIAN) - 1
            name, version, licence = package_name(at), package_version(at), ("MIT", "ISC", "Apache-2.0")[at % 3]
            url = f"pkg:npm/{name}@{version}"
        packages.append(
            {
                "SPDXID": f"SPDXRef-Package-{number}",
                "name": name,
                "versionInfo": version,
                "licenseConcluded": licence,
                "externalRefs": [{"referenceType": "purl", "referenceLocator": url}],
            }
        )
    return json.dumps(packages, separators=(",", ":"))


def _subject(manifest: Json, platform: str) -> list[Json]:
    name = f"pkg:docker/registry.demo/acme/shop/webapp?platform={platform.replace('/', '%2F')}"
    return [{"name": name, "digest": {"sha256": manifest["digest"].removeprefix("sha256:")}}]


def bill(manifest: Json, platform: str, *, created: str, debian: str, node: str) -> bytes:
    """An in-toto statement with an SPDX 2.3 document of 212 packages."""
    head = compact(
        {
            "_type": STATEMENT,
            "predicateType": SPDX,
            "subject": _subject(manifest, platform),
            "predicate": {
                "spdxVersion": "SPDX-2.3",
                "dataLicense": "CC0-1.0",
                "SPDXID": "SPDXRef-DOCUMENT",
                "name": "sbom",
                "documentNamespace": f"https://registry.demo/spdx/{manifest['digest'][7:39]}",
                "creationInfo": {
                    "creators": ["Organization: Anchore, Inc", "Tool: syft-v1.4.1", "Tool: buildkit-v0.14.1"],
                    "created": created[:19] + "Z",
                },
            },
        }
    )
    return head[:-2] + b',"packages":' + _packages(debian, node).encode() + b"}}"


def provenance(manifest: Json, platform: str, *, created: str, started: str, revision: str, node: str) -> bytes:
    """An in-toto statement with SLSA v1 provenance, as BuildKit's `--provenance=mode=max,version=v1` writes it."""
    source = f"https://github.com/acme/shop.git#{revision}"
    steps = [
        f"docker.io/library/node:{node}-bookworm-slim",
        "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tini",
        "COPY --from=build /usr/local/bin/node /usr/local/bin/node",
        "WORKDIR /srv/webapp",
        "COPY --chown=app:app dist/ /srv/webapp",
        "COPY package.json healthcheck.js /srv/webapp/",
    ]
    return compact(
        {
            "_type": STATEMENT,
            "predicateType": SLSA,
            "subject": _subject(manifest, platform),
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
                    "externalParameters": {
                        "configSource": {"uri": source, "digest": {"sha1": revision}, "path": "Dockerfile"},
                        "request": {
                            "frontend": "gateway.v0",
                            "args": {"cmdline": "docker/dockerfile:1.8", "label:revision": revision},
                        },
                    },
                    "internalParameters": {
                        "builderPlatform": "linux/amd64",
                        "buildConfig": {
                            "llbDefinition": [
                                {
                                    "id": f"step{at}",
                                    "op": {"platform": platform, "customName": f"[{at + 1}/{len(steps)}] {step}"},
                                    "inputs": [f"step{at - 1}:0"] if at else [],
                                }
                                for at, step in enumerate(steps)
                            ]
                        },
                    },
                    "resolvedDependencies": [
                        {
                            "uri": f"pkg:docker/node@{node}-bookworm-slim?platform={platform.replace('/', '%2F')}",
                            "digest": {"sha256": "d8e4c7b3a1f0962e5b48c1d7f3a6e9025c8b4d1f7e3a6092b5c8d1e4f7a30692"},
                        },
                        {
                            "uri": "pkg:docker/docker/dockerfile@1.8",
                            "digest": {"sha256": "e87caa74dcb7d46cd820352bfea12591f3dba3ddc4285e19c7dcd13359f7cefd"},
                        },
                        {"uri": source, "digest": {"sha1": revision}},
                    ],
                },
                "runDetails": {
                    "builder": {"id": "https://github.com/acme/shop/actions/runs/9563012871/attempts/1"},
                    "metadata": {
                        "invocationId": manifest["digest"][7:39],
                        "startedOn": started,
                        "finishedOn": created,
                        "buildkit_metadata": {"vcs": {"revision": revision, "source": "https://github.com/acme/shop"}},
                    },
                },
            },
        }
    )


def add_attestations(
    layout: Layout, manifest: Json, *, created: str, started: str, revision: str, debian: str, node: str
) -> Json:
    """Add what attests an image (moby/buildkit, docs/attestations/attestation-storage.md); gives a descriptor."""
    platform = "/".join(
        manifest["platform"][key] for key in ("os", "architecture", "variant") if key in manifest["platform"]
    )
    statements = (
        (SPDX, bill(manifest, platform, created=created, debian=debian, node=node)),
        (SLSA, provenance(manifest, platform, created=created, started=started, revision=revision, node=node)),
    )
    layers = [layout.blob(body, IN_TOTO, annotations={"in-toto.io/predicate-type": kind}) for kind, body in statements]
    config = compact(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        }
    )
    value: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": layout.blob(config, OCI_CONFIG),
        "layers": layers,
    }
    return layout.manifest(
        value,
        annotations={
            "vnd.docker.reference.digest": manifest["digest"],
            "vnd.docker.reference.type": "attestation-manifest",
        },
        platform={"architecture": "unknown", "os": "unknown"},
    )
