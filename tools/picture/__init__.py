"""The architecture picture, drawn from the synthesized stack."""
