"""Where datasets, records and raw files are kept, and where files arrive."""
