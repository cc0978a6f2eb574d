"""The editor of the selection: text, files, kept selections."""
