"""Long-lived services that all browser sessions share."""
