"""Lists that come in pages: tags and catalogs."""
