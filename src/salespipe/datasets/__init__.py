"""Every custom adapter: load, save, describe, nothing else. All of them write beside and rename."""
