"""What runs the one scan."""
