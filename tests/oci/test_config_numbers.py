"""A number that no field takes does not hide the rest of a config."""

from __future__ import annotations

import pytest

from regbrowse.oci.config import parse_config


@pytest.mark.parametrize("digits", [21, 30, 300])
def test_labels_are_read_beside_a_long_number(digits: int) -> None:
    number = "7" * digits
    config = parse_config(
        f'{{"os": "linux", "x": {number}, "config": {{"Labels": {{"a": "b"}}, "Healthcheck": '
        f'{{"Test": ["CMD", "x"], "Interval": {number}}}}}}}'.encode()
    )
    assert config.labels == {"a": "b"}
    assert config.health_seconds == 0
    assert len(config.anomalies) == 1
