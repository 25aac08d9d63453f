"""A trained checkpoint as a model folder of its own, with a model card, and its way to the hub."""
