"""What a training changes: evaluations of its checkpoints, curves, collapsed and empty thoughts."""
