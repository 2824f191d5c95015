"""One SSH connection to each host: where it goes, by which keys, and channels through it."""
