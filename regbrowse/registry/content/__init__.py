"""Manifests and blobs by digest: verified, cached in memory and on disk, streamed, and readable offline."""
