"""The operations family: who is told of what, what is seen at a glance, what it may cost, what can be brought back."""
