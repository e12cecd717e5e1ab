"""Custodians' and portfolio systems' files: one module a layout, each fulfilling `ports.CustodianFeed`."""
