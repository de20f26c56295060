"""What attachments say: statements, bills of materials, provenance, signatures, reports. Nothing here verifies one."""
