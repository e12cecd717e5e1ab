"""The checks of a list of trades, one question a file; `prechecks` puts them together."""
