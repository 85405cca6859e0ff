"""Secrets in text: what keys, tokens and passwords look like, how their structure is verified, and how they are shown."""
