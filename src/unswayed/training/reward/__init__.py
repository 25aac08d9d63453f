"""Rewards of completions: what each term pays, and the scorer that asks the judge."""
