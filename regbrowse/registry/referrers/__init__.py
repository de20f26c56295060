"""What is attached to a manifest: signatures, attestations, SBOMs."""
