"""Compositions: the constructs of `adelie` put together for an environment."""
