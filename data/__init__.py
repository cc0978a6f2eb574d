"""Reading, storing and selecting stars."""
