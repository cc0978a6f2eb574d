"""What is measured: one command each, writing a table."""
