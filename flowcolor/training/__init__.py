"""Training and the command line; nothing is imported here, so that ``--help`` is instant."""
