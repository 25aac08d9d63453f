"""Figures that look the same on every machine."""
