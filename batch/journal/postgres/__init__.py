"""The journal in a PostgreSQL server, for several hosts at once. Needs the extra `postgres`."""
