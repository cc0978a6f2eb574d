"""Pure functions from a cube or a catalogue to a HoloViews element."""
