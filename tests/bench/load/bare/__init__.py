"""A Django with nothing in it: the machine's limit, beside which the shop's figures stand as shares."""
