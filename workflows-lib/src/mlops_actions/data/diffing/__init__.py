"""Two versions of a contract compared."""
