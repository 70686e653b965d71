"""Running Terraform, and reading its plans."""
