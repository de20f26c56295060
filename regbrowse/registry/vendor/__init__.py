"""What some registries tell beyond the standard: dates and sizes of tags, and a search. Decoration, never needed."""
