"""The server: how it listens, who may log in, uploads, and how its event loop stays free."""
