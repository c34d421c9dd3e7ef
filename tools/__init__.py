"""What makes parts of the docs from the code."""
