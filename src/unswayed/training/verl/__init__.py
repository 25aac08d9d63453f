"""GRPO on a cluster, by verl on Ray."""
