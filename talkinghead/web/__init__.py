"""What the web app knows, without any web framework."""
