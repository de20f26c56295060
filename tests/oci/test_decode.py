"""What documents say, decoded; nothing of it is verified."""

from __future__ import annotations

import base64
import json

import pytest

from regbrowse.errors import BadResponse
from regbrowse.oci.attestation import Statement
from regbrowse.oci.decode.document import decode
from regbrowse.oci.decode.values import Decoded
from regbrowse.reference import Digest

IMAGE = Digest.of(b"image")
SPDX = {"spdxVersion": "SPDX-2.3", "packages": [{}] * 212}
BUILDKIT_V1 = {"buildDefinition": {"buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/x.md"}}


def statement(predicate_type: str, predicate: object) -> dict[str, object]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "x", "digest": {"sha256": IMAGE.encoded, "md5": "!"}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def whole(value: object, media_type: str = "", **annotations: str) -> Decoded:
    return decode(json.dumps(value).encode(), media_type, annotations)


def read(value: object) -> Statement:
    return whole(value).statement


def envelope(value: object) -> dict[str, object]:
    payload = base64.b64encode(json.dumps(value).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": []}


@pytest.mark.parametrize(
    ("value", "kind", "note"),
    [
        (statement("https://spdx.dev/Document", SPDX), "SBOM", "SPDX 2.3, 212 packages"),
        (statement("https://slsa.dev/provenance/v1", BUILDKIT_V1), "provenance", "SLSA v1, buildkit"),
        (
            statement("https://slsa.dev/provenance/v0.2", {"buildType": "https://mobyproject.org/buildkit@v1"}),
            "provenance",
            "SLSA v0.2, buildkit",
        ),
        (
            statement("https://slsa.dev/provenance/v1", {"runDetails": {"builder": {"id": "https://ci.example/1"}}}),
            "provenance",
            "SLSA v1, ci.example/1",
        ),
        (
            statement("https://slsa.dev/provenance/v0.2", {"builder": {"id": "https://github.com/actions/runner"}}),
            "provenance",
            "SLSA v0.2, GitHub Actions",
        ),
        (statement("https://slsa.dev/provenance/v1", None), "provenance", "SLSA v1"),
        (
            statement("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX", "components": []}),
            "SBOM",
            "CycloneDX, 0 components",
        ),
        (statement("https://openvex.dev/ns/v0.2.0", {"statements": [{}]}), "VEX", "OpenVEX, 1 statement"),
        (SPDX, "SBOM", "SPDX 2.3, 212 packages"),
        ({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}]}, "SBOM", "CycloneDX 1.5, 1 component"),
        (
            {"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": [{"type": "software_Package"}, 5]},
            "SBOM",
            "SPDX 3, 1 package",
        ),
        ({"artifacts": [{}], "descriptor": {"name": "syft"}}, "SBOM", "Syft, 1 package"),
        ({"version": "2.1.0", "runs": [{"results": [{}, {}]}, None]}, "scan report", "SARIF 2.1.0, 2 results"),
        ({"@context": "https://openvex.dev/ns", "statements": []}, "VEX", "OpenVEX, 0 statements"),
        ({}, "attestation", ""),
    ],
)
def test_statements(value: dict[str, object], kind: str, note: str) -> None:
    for wrapped in (value, envelope(value), {"dsseEnvelope": envelope(value)}):
        found = read(wrapped)
        assert (found.kind, found.note) == (kind, note)


def test_subjects() -> None:
    assert read(statement("x", {})).subjects == (IMAGE,)
    simple = {"critical": {"image": {"docker-manifest-digest": str(IMAGE)}, "type": "cosign container image signature"}}
    assert read(simple) == Statement("signature", "cosign", (IMAGE,))


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"<bom>", b'{"payload":"!","payloadType":"x"}', b'{"payload":"W10=","payloadType":"x"}', b"\xff"],
)
def test_refuses(raw: bytes) -> None:
    with pytest.raises(BadResponse):
        decode(raw)


def test_envelopes_in_envelopes_end() -> None:
    value: dict[str, object] = {}
    for _ in range(10):
        value = envelope(value)
    assert read(value).kind == "attestation"


def facts(decoded: Decoded) -> dict[str, str]:
    return dict(reversed(decoded.facts))


def cells(decoded: Decoded) -> list[tuple[str, ...]]:
    return [row.cells for row in decoded.part.rows]


def test_a_statement_says_what_it_is_what_about_and_that_nothing_is_verified() -> None:
    found = whole(envelope(statement("https://slsa.dev/provenance/v1", BUILDKIT_V1)))
    assert found.facts[:4] == (
        ("what", "provenance, SLSA v1, buildkit"),
        ("state", "present, not verified"),
        ("about", str(IMAGE)),
        ("named", "x"),
    )
    assert facts(found)["envelope"] == "DSSE, 0 signatures, present, not verified"
    assert found.as_json()["verified"] is False


def test_packages_of_spdx() -> None:
    document = {
        "spdxVersion": "SPDX-2.3",
        "creationInfo": {"created": "2024-06-18T09:41:00Z", "creators": ["Tool: syft-1", "Organization: Acme"]},
        "packages": [
            {
                "name": "left-pad",
                "versionInfo": "1.3.0",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "WTFPL",
                "externalRefs": [
                    {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
                    {"referenceType": "purl", "referenceLocator": "pkg:npm/left-pad@1.3.0"},
                ],
            },
            {"name": "bare"},
            None,
        ],
    }
    found = whole(statement("https://spdx.dev/Document", document))
    assert found.counted == "3 packages"
    assert cells(found) == [
        ("left-pad", "1.3.0", "WTFPL", "pkg:npm/left-pad@1.3.0"),
        ("bare", "", "", ""),
        ("", "", "", ""),
    ]
    assert [row.value for row in found.part.rows] == ["pkg:npm/left-pad@1.3.0", "bare", ""]
    assert ("cpe23Type", "cpe:2.3:a:x") in found.part.rows[0].more
    assert [value for name, value in found.facts if name == "by"] == ["Tool: syft-1", "Organization: Acme"]
    assert facts(found)["made"] == "2024-06-18 09:41 UTC"
    assert len(found.anomalies) == 1


def test_components_of_cyclonedx_with_those_within_them() -> None:
    inner = {"name": "inner", "licenses": [{"expression": "MIT OR ISC"}]}
    outer = {
        "group": "@acme",
        "name": "outer",
        "version": "2",
        "purl": "pkg:npm/%40acme/outer@2",
        "components": [inner],
    }
    outer["licenses"] = [{"license": {"id": "MIT"}}, {"license": {"name": "Own"}}]
    tools: list[object] = [
        [{"vendor": "a", "name": "t", "version": "1"}],
        {"components": [{"name": "t", "version": "1"}]},
    ]
    for listed in tools:
        found = whole(
            {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"tools": listed}, "components": [outer]}
        )
        assert found.summary == "SBOM, CycloneDX 1.6, 2 components"
        assert cells(found) == [
            ("@acme/outer", "2", "MIT, Own", "pkg:npm/%40acme/outer@2"),
            ("inner", "", "MIT OR ISC", ""),
        ]
        assert facts(found)["by"] == "t 1"


def test_provenance_of_both_versions() -> None:
    material = {"uri": "pkg:docker/node@20", "digest": {"sha1": "c0ffee", "sha256": "ab" * 32}}
    old = {
        "builder": {"id": "https://ci.example/1"},
        "buildType": "https://mobyproject.org/buildkit@v1",
        "invocation": {
            "configSource": {"uri": "https://git.example/a", "digest": {"sha1": "c0"}, "entryPoint": "Dockerfile"}
        },
        "metadata": {"buildStartedOn": "2024-06-18T09:39:00Z", "buildFinishedOn": "2024-06-18T09:41:00Z"},
        "materials": [material],
    }
    new = {
        "buildDefinition": {
            "buildType": "https://mobyproject.org/buildkit@v1",
            "externalParameters": {
                "configSource": {"uri": "https://git.example/a#c0", "digest": {"sha1": "c0"}, "path": "Dockerfile"}
            },
            "resolvedDependencies": [material],
        },
        "runDetails": {
            "builder": {"id": "https://ci.example/1"},
            "metadata": {"startedOn": "2024-06-18T09:39:00Z", "finishedOn": "2024-06-18T09:41:00Z"},
        },
    }
    for version, value, source, noun in (
        ("0.2", old, "https://git.example/a  sha1:c0  Dockerfile", "1 material"),
        ("1", new, "https://git.example/a#c0  Dockerfile", "1 dependency"),
    ):
        found = whole(statement(f"https://slsa.dev/provenance/v{version}", value))
        told = facts(found)
        assert (told["builder"], told["build type"]) == ("https://ci.example/1", "https://mobyproject.org/buildkit@v1")
        assert (told["source"], told["started"], told["finished"]) == (
            source,
            "2024-06-18 09:39 UTC",
            "2024-06-18 09:41 UTC",
        )
        assert found.counted == noun
        assert cells(found) == [("pkg:docker/node@20", f"sha256:{'ab' * 32}")]
        assert found.part.rows[0].value == "pkg:docker/node@20"
        assert ("digest", "sha1:c0ffee") in found.part.rows[0].more


def test_a_signature_of_cosign_with_what_stands_beside_it() -> None:
    bundle = json.dumps({"Payload": {"integratedTime": 1718703688, "logIndex": 7}})
    annotations = {"dev.cosignproject.cosign/signature": "AA==", "dev.sigstore.cosign/bundle": bundle}
    simple = {
        "critical": {"image": {"docker-manifest-digest": str(IMAGE)}, "identity": {"docker-reference": "a.example/b"}},
        "optional": {"creator": "me", "timestamp": 1718703688, "team": "shop"},
    }
    found = whole(simple, **annotations)
    told = facts(found)
    assert told["about"] == str(IMAGE)
    assert told["signed as"] == "a.example/b"
    assert (told["by"], told["made"]) == ("me", "2024-06-18 09:41 UTC")
    assert told["signature"] == "present, not verified"
    assert told["logged"] == "entry 7, 2024-06-18 09:41 UTC"
    assert cells(found) == [("team", "shop")]
    assert whole({**simple, "optional": None}).part.rows == ()


def test_a_bundle_of_sigstore_around_a_statement_or_a_bare_signature() -> None:
    material = {"certificate": {"rawBytes": "AA=="}, "tlogEntries": [{"logIndex": "7", "integratedTime": "1718703688"}]}
    kind = "application/vnd.dev.sigstore.bundle.v0.3+json"
    inner = envelope(statement("https://spdx.dev/Document", SPDX))
    found = whole({"mediaType": kind, "verificationMaterial": material, "dsseEnvelope": inner})
    assert found.counted == "212 packages"
    told = facts(found)
    assert told["bundle"] == f"{kind}, present, not verified"
    assert (told["key"], told["logged"]) == ("a certificate", "entry 7, 2024-06-18 09:41 UTC")
    digest = {"algorithm": "SHA2_256", "digest": base64.b64encode(bytes.fromhex(IMAGE.encoded)).decode()}
    bare = whole({"mediaType": kind, "verificationMaterial": {}, "messageSignature": {"messageDigest": digest}})
    assert bare.statement == Statement("signature", "Sigstore bundle", (IMAGE,))
    assert facts(bare)["bundle"] == f"{kind}, present, not verified"


def jws(payload: object, protected: object) -> dict[str, object]:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (payload, protected)]
    header = {"x5c": ["AA==", "AA=="], "io.cncf.notary.signingAgent": "notation-go/1.1"}
    return {"payload": parts[0], "protected": parts[1], "header": header, "signature": "AA"}


def test_a_signature_of_notation() -> None:
    target = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": str(IMAGE), "size": 528}
    protected = {
        "alg": "PS256",
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "io.cncf.notary.signingScheme": "notary.x509",
        "io.cncf.notary.signingTime": "2024-06-18T11:41:00+02:00",
    }
    found = whole(jws({"targetArtifact": {**target, "annotations": {"stage": "prod"}}}, protected))
    assert found.statement == Statement("signature", "Notation, JWS", (IMAGE,))
    told = facts(found)
    assert told["signs"] == "application/vnd.oci.image.manifest.v1+json, 528 B"
    assert (told["made"], told["by"]) == ("2024-06-18 09:41 UTC", "notation-go/1.1")
    assert told["key"] == "2 certificates, present, not verified"
    assert cells(found) == [("stage", "prod")]
    cose = decode(b"\xd2\x84\x43", "application/cose")
    assert cose.statement == Statement("signature", "Notation, COSE")
    assert facts(cose)["form"] == "COSE, 3 B, not decoded"
    assert cose.part.rows == ()


def test_results_of_sarif_by_level_and_rule() -> None:
    rules = [
        {"id": "A", "shortDescription": {"text": "reads too much"}, "helpUri": "https://a.example"},
        {"id": "B", "defaultConfiguration": {"level": "error"}},
    ]
    results = [
        {"ruleId": "A", "level": "note", "message": {"text": "here"}},
        {"ruleId": "A", "level": "warning"},
        {"ruleId": "A", "level": "warning"},
        {"ruleIndex": 1},
        {"ruleIndex": 9},
    ]
    run = {"tool": {"driver": {"name": "scan", "version": "1", "rules": rules}}, "results": results}
    found = whole({"version": "2.1.0", "runs": [run]})
    assert found.summary == "scan report, SARIF 2.1.0, 5 results"
    assert cells(found) == [
        ("error", "B", "1", ""),
        ("warning", "A", "2", "reads too much"),
        ("warning", "", "1", ""),
        ("note", "A", "1", "reads too much"),
    ]
    assert facts(found)["results"] == "1 error, 3 warnings, 1 note"
    assert ("help", "https://a.example") in found.part.rows[1].more


def test_a_predicate_of_an_unknown_type_lists_its_members() -> None:
    value = {"a": "text", "b": [1, 2], "c": {"d": {"e": 1}}, "f": list(range(50))}
    found = whole(statement("https://acme.example/p", value))
    assert cells(found) == [("a", "text"), ("b", "[1,2]"), ("c", "1 member"), ("f", "50 entries")]


def test_what_is_of_no_known_form_has_no_head() -> None:
    found = whole({"a": 1})
    assert not found.is_known
    assert found.facts == ()


def test_rows_are_bounded_and_counted() -> None:
    found = whole({"spdxVersion": "SPDX-2.3", "packages": [{}] * 60_000})
    assert found.counted == "60,000 packages"
    assert len(found.part.rows) == 50_000
    assert found.part.left_out == 10_000


def test_hostile_texts_are_made_visible_and_cut() -> None:
    package = {"name": "\x1b[31m", "externalRefs": [{"referenceType": "purl", "referenceLocator": "p" * 10_000}]}
    found = whole({"spdxVersion": "SPDX-2.3", "packages": [package], "name": "\u202e"})
    row = found.part.rows[0]
    assert row.cells[0] == "\\x1b[31m"
    assert len(row.value) == 2_048
    assert facts(found)["document"] == "\\u202e"


def test_components_nest_only_so_deep() -> None:
    component: dict[str, object] = {"name": "x"}
    for _ in range(25):
        component = {"name": "x", "components": [component]}
    assert len(whole({"bomFormat": "CycloneDX", "components": [component]}).part.rows) == 17
