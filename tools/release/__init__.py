"""A release to AWS, and what comes before and after it."""
