"""The commands of ``flowcolor``, one file each."""
