"""Where injected texts come from: templates, or an annotation file."""
