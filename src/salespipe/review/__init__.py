"""The review page: what a person reads before a model is let into office."""
