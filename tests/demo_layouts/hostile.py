"""An image full of text that must only be looked at: escapes, markup, bidi, wide characters, long names."""

from __future__ import annotations

from demo_layouts.image import Step, add_image
from demo_layouts.layout import Json, Layout
from regbrowse.oci.mediatype import OCI_INDEX

CLEAR = "\x1b[2J\x1b[H\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]52;c;b3duZWQ=\x07 \x9b31m \x08\x08\x7f"
MARKUP = "[bold red]bold[/] [/markup] [@click=app.quit]quit[/] [link=https://example.com]here[/link] \\[escaped]"
BIDI = "\u202egnp.exe\u202c \u2066isolate\u2069 zero\u200bwidth \u200fmark \ufeffbom tags\U000e0041"
WIDE = "\u6f22\u5b57\u304b\u306a \ud55c\uae00 \U0001f433\U0001f468\u200d\U0001f4bb \uff37\uff49\uff44\uff45"
MARKS = "z" + "\u0301\u0316\u0334" * 40 + "algo"
LINES = "first\r\nsecond\rthird\u2028fourth\ttab\0nul"


def hostile(layout: Layout) -> None:
    """An index of two images; even the platforms are hostile."""
    labels: Json = {
        "escape": CLEAR,
        "markup": MARKUP,
        "bidi": BIDI,
        "wide": WIDE,
        "marks": MARKS,
        "lines": LINES,
        MARKUP: "a key of markup",
        CLEAR: "a key of escapes",
        "": "an empty key",
        "a.very.long.key." + "x" * 400: "y" * 5000,
    }
    steps = (
        Step(f"RUN /bin/sh -c echo '{CLEAR}' # buildkit", "hostile", comment=MARKUP),
        Step(f"RUN |2 A={BIDI} B={WIDE} /bin/sh -c {MARKUP}", comment=CLEAR),
        Step(f"LABEL {LINES}"),
        Step(MARKS + "x" * 3000),
    )
    config: Json = {
        "User": MARKUP,
        "Env": [f"ESCAPE={CLEAR}", f"MARKUP={MARKUP}", f"BIDI={BIDI}", f"WIDE={WIDE}", f"LINES={LINES}", "=", ""],
        "Entrypoint": ["/bin/sh", "-c", CLEAR],
        "WorkingDir": BIDI,
        "Labels": labels,
        "ExposedPorts": {MARKUP: {}},
        "StopSignal": CLEAR,
    }
    images = [
        add_image(
            layout,
            steps,
            created="0000-00-00T99:99:99Z" + CLEAR,
            platform=platform,
            config=config,
            author=MARKUP + WIDE,
            annotations={"org.opencontainers.image.title": CLEAR, MARKUP: BIDI, "wide": WIDE},
        )
        for platform in (
            {"architecture": "amd64", "os": "linux"},
            {"architecture": "[red]arm64[/]", "os": "li\x1b[31mnux", "variant": WIDE, "os.version": BIDI},
        )
    ]
    index: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": images,
        "annotations": {"org.opencontainers.image.description": CLEAR + MARKUP, "bidi": BIDI},
    }
    layout.tag(layout.manifest(index), "latest")
