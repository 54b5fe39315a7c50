"""Methods side by side: trained alike, on the same photographs, judged on the same pairs."""
