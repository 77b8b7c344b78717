"""Text rows → orders and problems."""
