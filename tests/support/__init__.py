"""What tests share: a small book, and files as an adapter would have read them."""
