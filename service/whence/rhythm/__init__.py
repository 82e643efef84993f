"""When something is to happen again: durations, cron schedules and the steps of partitions, in time zones."""
