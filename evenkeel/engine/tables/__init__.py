"""What goes into the engine and what comes out: one contract a table, docs/engine-tables.md in full."""
