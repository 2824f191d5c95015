"""A program of Pulumi whose resources do nothing."""
