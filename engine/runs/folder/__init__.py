"""The folder of a run: its record, events, lock and state."""
