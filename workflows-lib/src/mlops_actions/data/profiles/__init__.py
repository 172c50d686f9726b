"""What a data set is like, without its rows."""
