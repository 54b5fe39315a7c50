"""The commands, one file each; nothing is imported here, so that ``--help`` is instant."""
