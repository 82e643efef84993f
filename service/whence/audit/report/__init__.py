"""Reports: what is recorded to the requirements of a framework, and to a model, for people."""
