"""What a training changes: evaluations of its checkpoints, curves, collapse and silence."""
