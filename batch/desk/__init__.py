"""The application: what a command line, a scheduler or a program can ask for. No click, no rich."""
