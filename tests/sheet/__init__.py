"""Files → text rows."""
