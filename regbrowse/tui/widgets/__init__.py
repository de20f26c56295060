"""Parts that panes and dialogs are composed of; none of them knows a registry."""
