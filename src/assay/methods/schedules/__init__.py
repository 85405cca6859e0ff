"""When something is due: cron expressions of both spellings, a number of requests, and lengths of time."""
