"""What a row means: its options, its gold answer, its boxes, as a sample or a recorded failure."""
