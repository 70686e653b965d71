"""The seam to cdktf and its AWS provider, and how they start: nothing else imports them."""
