"""A run read back: every figure of its `metrics.json`, and its rows as tables."""
