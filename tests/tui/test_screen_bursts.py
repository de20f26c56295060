"""Keys that arrive in one write reach the part that the keys before them chose."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bench.terminal import Terminal

READY = r"SLSA v1[\s\S]* card · [0-9]+ values"
"""The manifests and the config of the tag under the cursor are there."""
PROGRAM = [sys.executable, "-m", "regbrowse", "demo"]


def terminal_in(home: Path) -> Terminal:
    places = ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    return Terminal(PROGRAM, env={place: str(home) for place in places})


STEPS = [
    ("2gjjjjY", "(copied|sent) linux/arm64/v8 digest of registry.demo/acme/shop/webapp:2.14.1"),
    ("2gj3gY", "(copied|sent) layer digest of layer 1 of linux/amd64"),
    ("2gj4gjy", "(copied|sent) .created of linux/amd64"),
    ("\tY", "(copied|sent) index digest of registry.demo/acme/shop/webapp:2.14.1"),
    ("2gjzY", r"(?s) 2 Manifests (?!.*│).*(copied|sent) linux/amd64 digest"),
    ("z1", "1 Tags  webapp"),
    ("/1.10", r"(?s)/ 1\.10 .*18 of 886 · substring"),
    ("\x7f\x7f\x7f\x7f2.13\rjjY", "(copied|sent) (index )?digest of registry.demo/acme/shop/webapp:2.13.2"),
    ("/\x14\x7f\x7f\x7f\x7fr3", r"(?s)/ r3 .*of 886 · fuzzy"),
    ("\x1b", "of 886 · newest first"),
    ("4/node\rnny", r"(copied|sent) \.\S+ of linux/amd64"),
    ("/\x7f\x7f\x7f\x7f\r1", "1 Tags  webapp"),
    ("sj\rY", "as served"),
    ("sk\rY", "newest first"),
    ("pj\r3gY", r"(copied|sent) layer digest of layer 1 of linux/(arm64|arm|amd64)"),
    ("1?qY", "(copied|sent) (index )?digest of registry.demo/acme/shop/webapp"),
    ("\x10zoom", "> zoom"),
    ("\r", r"(?s) 1 Tags (?!.*╭)"),
    ("zLann", "user +ann"),
    ("\tsecret", r"password +•{6}"),
    ("\x1b", r"\? help"),
    ("oquay.io/acme/x:1", r"> quay\.io/acme/x:1[\s\S]*registry quay\.io   repository acme/x   tag 1"),
]
"""What is written at once, and what is shown then; each step begins where the one before it ended."""


def test_a_burst_is_answered_key_by_key(tmp_path: Path) -> None:
    with terminal_in(tmp_path) as terminal:
        terminal.until("7 of 886 · newest first")
        for burst, shown in STEPS:
            if burst[0] in "24":
                terminal.until(READY, 20)
            terminal.press(burst)
            terminal.until(shown, 20)


def test_keys_typed_before_the_first_paint_are_kept(tmp_path: Path) -> None:
    with terminal_in(tmp_path) as running:
        running.press("o", "ghcr.io/acme/app")
        running.until(re.escape("registry ghcr.io   repository acme/app"))
