"""The sidecar: reads Prefect's event stream and REST API, and needs no change to any flow."""
