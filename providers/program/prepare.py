"""A command of `prepare` as a resource of pulumi-command, which runs prepare.sh with it."""

import pulumi

from providers.rules.stack_file.prepare import HostCommand

# Of the project's folder, where Pulumi starts plugins.
SCRIPT = "providers/prepare.sh"


def declare(command: HostCommand, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Declare a command, undone when it is declared no more. On a host that is lost nothing is run, nor undone."""
    from pulumi_command import local  # with the first command alone: few stacks have any

    return local.Command(
        command.resource_name,
        interpreter=["/bin/sh", SCRIPT],
        create=None if command.lost else "run",
        update=None if command.lost else "update",
        delete="undo" if command.desired.undo and not command.lost else None,
        environment=command.environment,
        logging=local.Logging.NONE,
        # The mark of the last command that ran: a change of the way to a host runs nothing.
        add_previous_output_in_env=True,
        opts=opts,
    )
