"""The platform on this machine: the emulators, and the double of the AWS provider."""
