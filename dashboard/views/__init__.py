"""Pure functions from a cube or a catalogue to a HoloViews element."""

import holoviews as hv

# Options of elements can only be named once a backend is loaded; views are drawn with this one.
hv.extension("bokeh")
