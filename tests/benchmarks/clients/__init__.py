"""What orderbatch is held against: short scripts that send orders and keep no record of them."""
