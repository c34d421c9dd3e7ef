"""What training leaves for its review page; whatever changes here asks for another training."""
