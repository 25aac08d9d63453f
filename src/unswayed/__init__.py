"""unswayed: is a vision-language model swayed by text, and does its thought say its answer?

The package imports lightly: no torch, no transformers. What is public lives in its modules:
`unswayed.types` (the records), `unswayed.pipeline.stages` (the pipeline) and one package per stage.
"""

__version__ = "0.1.0"
