"""Reports of a home: read, made, signed, written as pages and files. What they say is in `evenkeel.reports`."""
