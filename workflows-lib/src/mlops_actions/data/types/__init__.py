"""Types of values: their families, their forms in text, and what is inside of nested ones."""
