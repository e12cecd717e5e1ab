"""How orders leave and fills come in: FIX 4.4 messages, custodians' own files, and the folder they lie in."""
