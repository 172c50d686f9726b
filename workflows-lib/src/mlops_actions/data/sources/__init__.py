"""Where rows are, and how they are taken in."""
