"""What an order is, how orders are grouped into blocks, and how fills are shared out: pure rules over plain data."""
