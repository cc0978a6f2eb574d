"""The state of one browser session and the actions of its user."""
