"""The history as a Dockerfile, as one more view of the config."""

from __future__ import annotations

from pathlib import Path

from support import images
from support.fake_registry import FakeRegistry
from tui.screen_driver import browsing

HISTORY = [
    {"created_by": "RUN /bin/sh -c make && make install # buildkit"},
    {"created_by": 'CMD ["app" "-x"]', "empty_layer": True},
]


async def test_the_dockerfile_is_a_view_of_the_config(registry: FakeRegistry, tmp_path: Path) -> None:
    made = images.image(values={"history": HISTORY})
    registry.repository("acme/app").add(made, "1.0")
    layer = made.below[1]
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path, size=(160, 40)) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("4", "v", "v")
        assert "v dockerfile" in driven.lines()[-1]
        await driven.press("v")
        await driven.shows("FROM scratch")
        await driven.shows(f"{len(layer.raw)} B  RUN make \\")
        await driven.shows("    && make install")
        await driven.shows("dockerfile")
        await driven.press("G", "k")
        await driven.until(lambda: layer.digest in driven.lines()[-3], "the layer that the instruction made")
        await driven.press("y", "v")
        await driven.until(lambda: driven.app.clipboard == "RUN make \\\n    && make install", "the instruction")
        await driven.press("y")
        await driven.shows("Dockerfile, all of it")
        await driven.shows("RUN make \\     && make install")
        await driven.press("f")
        await driven.until(lambda: driven.app.clipboard.endswith('CMD ["app", "-x"]\n'), "all of it")
        assert f"# layer 1, {len(layer.raw)} B, {layer.digest}\nRUN make" in driven.app.clipboard
        await driven.press("slash", *"app")
        await driven.shows("/app 1 of 1 match")
        await driven.press("escape", "g", "J")
        assert driven.screen.opened.config_pane.value == "FROM scratch"
        await driven.press("v")
        await driven.lacks("FROM scratch")


async def test_the_view_stays_when_another_image_is_looked_at(registry: FakeRegistry, tmp_path: Path) -> None:
    repository = registry.repository("acme/app")
    for tag, command in (("1.0", "RUN one"), ("2.0", "RUN two")):
        repository.add(images.image(values={"history": [{"created_by": f"{command} # buildkit"}]}), tag)
    chart = images.artifact("application/vnd.acme", images.Made(b"chart", "text/plain"))
    repository.add(chart, "0.1")
    async with browsing(f"{registry.name}/acme/app:1.0", tmp_path, size=(160, 40)) as driven:
        await driven.shows("platform    linux/amd64")
        await driven.press("v", "v", "v")
        await driven.shows("RUN one")
        await driven.press("1", "k")
        await driven.shows("RUN two")
        await driven.press("G")
        await driven.lacks("RUN two")
        await driven.shows("vnd.acme")
