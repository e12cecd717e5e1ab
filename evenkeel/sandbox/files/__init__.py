"""How each sender writes what it knows of an evening: one module a sender, headers from the layouts that the adapters read by."""
