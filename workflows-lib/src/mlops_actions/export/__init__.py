"""A trained model as files for other runtimes, each run there and compared with the original."""
