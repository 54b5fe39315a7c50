"""The page on which one draws a face and sees it painted: ``flowcolor app``."""
