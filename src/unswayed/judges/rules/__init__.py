"""The deterministic judge: no model, the same verdict everywhere, in linear time."""
