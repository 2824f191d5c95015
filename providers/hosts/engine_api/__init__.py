"""The Docker Engine API over a channel: requests, what refusals mean, and JSON as facts."""
