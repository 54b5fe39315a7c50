"""Models that leave this library: to a hub, and to the formats of other runtimes."""
