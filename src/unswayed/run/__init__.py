"""The run folder: stages, pictures, provenance, resume, shards, and outputs recorded elsewhere."""
