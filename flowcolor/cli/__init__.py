"""The commands that are not about training, one file each."""
