"""Whether what was promised still holds: drift, quality, bias and the decision."""
