"""What is stale after something failed or was found bad, and what to run again."""
