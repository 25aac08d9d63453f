"""The pipeline: benchmark → variants → generations → verdicts → metrics, and its settings."""
