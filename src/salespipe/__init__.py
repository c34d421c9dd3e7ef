"""salespipe: from a small business's orders to models that can be trusted, served and watched."""

__version__ = "0.1.0"
