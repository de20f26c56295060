"""What is attached to a manifest: the referrers API, its tag schema, and the tags of cosign."""
