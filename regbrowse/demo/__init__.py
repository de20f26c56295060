"""The demo registry: `registry.demo`, built in this process, the same bytes everywhere."""
