from __future__ import annotations

import pytest

from support import layer
from support.fake_registry import FakeRegistry


@pytest.fixture
def layer_name(registry: FakeRegistry) -> str:
    """Let the registry hold a layer, and name it as commands take it."""
    registry.repository("acme/app").blobs[layer.MADE.digest] = layer.RAW
    return f"{registry.name}/acme/app@{layer.MADE.digest}"
