"""Where photographs are found, and the one dataset that reads them."""
