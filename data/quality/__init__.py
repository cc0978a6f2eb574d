"""What is known about the quality of a catalogue: zero points, usual cuts, completeness."""
