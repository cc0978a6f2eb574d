"""How symmetric a map is: north against south, round the axis, and the tilt of its field."""
