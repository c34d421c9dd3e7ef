"""`salespipe init`: from a file's columns to a business's conf."""
