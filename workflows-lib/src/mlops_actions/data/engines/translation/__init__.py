"""Questions in DuckDB's SQL, written for another engine with the same meaning, or refused by name."""
