"""Index digests of the signed versions of acme/shop/webapp: their signatures' tags are named after them."""

from __future__ import annotations

SIGNED: dict[str, str] = {}
