"""The forecast: the shared loop over series instead of customers."""
