"""Numbers that other documents print, beside those of ours that measure the same."""
