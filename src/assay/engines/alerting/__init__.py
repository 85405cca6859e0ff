"""Alerts sent to people and programs: a signed webhook, Slack, PagerDuty, e-mail, SNS; each a file."""
