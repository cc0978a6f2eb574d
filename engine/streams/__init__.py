"""The search for stellar streams: patches, scores, lines, and candidates made of them."""
