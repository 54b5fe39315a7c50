"""Files: reading and writing images and text, whole or not at all."""
