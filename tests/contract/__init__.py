"""Both sides of the wire, held to the venue's API description by a validator of its own."""
