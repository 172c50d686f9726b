"""The library behind mlops-actions: every stage measures a subject and yields one verdict."""

__version__ = "1.0.0"
