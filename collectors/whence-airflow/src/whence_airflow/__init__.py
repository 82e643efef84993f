"""What Airflow's OpenLineage provider leaves out, for Whence; and a spool that loses none of the provider's events."""

__version__ = "0.1.0"
