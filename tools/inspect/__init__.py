"""Looking at what is configured and synthesized."""
