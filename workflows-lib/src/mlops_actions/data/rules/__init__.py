"""What a contract means for rows, asked and answered."""
