"""What a training changes: its checkpoints evaluated, its curves, and how its thoughts fare."""
