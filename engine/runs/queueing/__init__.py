"""The queue: what a run needs, what a machine has, and where runs are executed."""
