"""What training does to photographs and drawings, from random streams with addresses."""
