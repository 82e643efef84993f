"""Recovery after something failed or was found bad."""
