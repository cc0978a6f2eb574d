"""Runs of the kind ``streams``: patches, windows, scores, lines and candidates of a catalogue."""
