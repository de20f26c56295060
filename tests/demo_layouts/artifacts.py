"""Things in registries that are no images: Helm charts, a WebAssembly module, policies."""

from __future__ import annotations

from demo_layouts.layers import File, Plan
from demo_layouts.layout import Json, Layout, compact, indented
from regbrowse.demo.layout import filling
from regbrowse.oci.mediatype import HELM_CONFIG, OCI_ARTIFACT, OCI_EMPTY, OCI_MANIFEST

HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
WASM_CONFIG = "application/vnd.wasm.config.v0+json"
POLICY = "application/vnd.acme.policy.v1"

_VALUES = """replicas: 3
image:
  repository: registry.demo/acme/shop/webapp
  tag: "{app}"
service:
  port: 80
  targetPort: 8080
"""
_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-webapp
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: webapp
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          ports:
            - containerPort: {{ .Values.service.targetPort }}
"""
_REGO = """package shop.images

import rego.v1

deny contains message if {
  not startswith(input.image, "registry.demo/acme/")
  message := sprintf("%s does not come from our registry", [input.image])
}
"""


def charts(layout: Layout) -> None:
    """Helm charts as `helm push` stores them (helm.sh, HIP-0006)."""
    for version, app in (("1.8.0", "2.14.1"), ("1.7.2", "2.13.4"), ("1.6.0", "2.12.5")):
        chart: Json = {
            "name": "webapp",
            "version": version,
            "description": "The shop web application",
            "home": "https://github.com/acme/shop",
            "apiVersion": "v2",
            "appVersion": app,
            "type": "application",
            "maintainers": [{"name": "shop platform team", "email": "shop@registry.demo"}],
            "dependencies": [{"name": "redis", "version": "19.5.5", "repository": "oci://registry.demo/acme/charts"}],
        }
        lines = [f"{key}: {value}" for key, value in chart.items() if isinstance(value, str)]
        files = (
            File("webapp/Chart.yaml", "\n".join(lines) + "\n"),
            File("webapp/values.yaml", _VALUES.replace("{app}", app)),
            File("webapp/templates/deployment.yaml", _DEPLOYMENT),
        )
        manifest: Json = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": layout.blob(compact(chart), HELM_CONFIG),
            "layers": [layout.blob(layout.layers.make(Plan(files, "gzip")).content, HELM_CHART)],
            "annotations": {
                "org.opencontainers.image.created": "2024-06-18T10:02:11Z",
                "org.opencontainers.image.title": "webapp",
                "org.opencontainers.image.version": version,
            },
        }
        layout.tag(layout.manifest(manifest), version)


def component(layout: Layout) -> None:
    """A WebAssembly component (CNCF TAG Runtime, wasm OCI artifact layout)."""
    code = b"filter" + filling("wasm filter")[:40_000]
    size = len(code) + 1
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14])
    module = b"\0asm\x01\0\0\0" + b"\0" + length + b"\x06" + code
    layer = layout.blob(module, "application/wasm", annotations={"org.opencontainers.image.title": "filter.wasm"})
    config = {
        "created": "2024-04-29T08:11:20Z",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer["digest"]],
        "component": {"exports": ["wasi:http/incoming-handler@0.2.0"], "imports": ["wasi:cli/environment@0.2.0"]},
    }
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": layout.blob(compact(config), WASM_CONFIG),
        "layers": [layer],
    }
    layout.tag(layout.manifest(manifest), "0.4.1", "latest")


def policies(layout: Layout) -> None:
    """Files with the empty config, and the same in the artifact manifest that image-spec 1.1 dropped again."""
    files = [
        layout.blob(_REGO.encode(), "text/x-rego", annotations={"org.opencontainers.image.title": "images.rego"}),
        layout.blob(
            indented({"registries": ["registry.demo"], "severity": "deny"}),
            "application/json",
            annotations={"org.opencontainers.image.title": "data.json"},
        ),
    ]
    annotations = {"annotations": {"org.opencontainers.image.created": "2024-02-20T14:45:00Z"}}
    old: Json = {"mediaType": OCI_ARTIFACT, "artifactType": POLICY, "blobs": files, **annotations}
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": POLICY,
        "config": layout.blob(b"{}", OCI_EMPTY, data="e30="),
        "layers": files,
        **annotations,
    }
    layout.tag(layout.manifest(manifest), "1.1")
    layout.tag(layout.manifest(old), "artifact-manifest")
