"""What to show and what to say: decisions and sentences, free of any toolkit."""
