"""A verdict for people: one Markdown summary and one self-contained HTML page."""
