"""Training and the command line. Import from the modules: this package imports nothing by itself."""
