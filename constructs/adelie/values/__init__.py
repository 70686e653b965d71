"""Names, policies and closed sets of AWS as plain values: pure, and without a resource."""
