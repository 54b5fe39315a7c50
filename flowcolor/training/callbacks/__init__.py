"""What happens beside training: scores, pictures, records, exported weights."""
