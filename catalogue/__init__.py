"""What runs, said once, without a target. Pure: imports nothing of ours and starts no process."""
