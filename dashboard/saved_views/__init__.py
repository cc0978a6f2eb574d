"""Saved and shared views: session documents, their storage and controls."""
