"""The impact of a change."""
