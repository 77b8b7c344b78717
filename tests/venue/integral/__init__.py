"""One vendor's API: what is sent, and what each answer means."""
