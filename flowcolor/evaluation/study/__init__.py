"""A study kit: ask people which method colours best, and count what they say."""
