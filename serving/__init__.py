"""The champions of one business over HTTP, as one BentoML service."""
