from __future__ import annotations

import pytest

from fuzz.runner import run
from fuzz.targets import DOCUMENT_TARGETS, TEXT_TARGETS


@pytest.mark.slow
def test_hostile_input_raises_nothing_but_our_own_errors() -> None:
    outcome = run(20_26, DOCUMENT_TARGETS, TEXT_TARGETS, count=4000)
    assert not outcome.failures, outcome.failures[0]
    assert outcome.inputs == 4000
    assert 0 < outcome.refused < outcome.readings


def test_a_bug_is_found_and_can_be_repeated() -> None:
    def fragile(raw: bytes) -> None:
        if b"NaN" in raw:
            raise KeyError("layers")

    first, again = (run(7, {"fragile": fragile}, {}, count=3000) for _ in range(2))
    assert first.failures
    assert "KeyError: 'layers'" in first.failures[0]
    assert first.failures == again.failures


def test_time_ends_it() -> None:
    assert run(1, {}, {}, seconds=0.01).inputs > 0
