"""All that is SQLite's: the file, its locks and drives, its safety, its errors in words."""
