"""The roles of the pipeline: what they may do, derived from the stacks."""
