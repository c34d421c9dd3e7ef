"""The demo shop: customers whose true rates and lifetimes are known, and what they did."""
