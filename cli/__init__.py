"""The `swarmnet` command, beside Pulumi's own: one file for each subcommand.

What a subcommand decides is in providers/rules; here are arguments, files and what is printed.
"""

# Of the whole project: a release raises it here.
VERSION = "0.1.0"
