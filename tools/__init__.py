"""The commands behind the Makefile: summary, show, diff, schema and the operators' one-liners."""
