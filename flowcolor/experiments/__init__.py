"""The thesis's ablations: its tables, and how they are trained, tested and compared with ours."""
