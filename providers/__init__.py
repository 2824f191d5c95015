"""Swarmnet's resources. Below them stand wings, each importing only those before it:

rules/       pure decisions: what is desired (specs), what hosts report (facts), what can be done (steps)
simulate/    a swarm with the Engine's measured timings
discovery/   from a swarm that runs to a stack file
explain/     words and pictures for people
loop/        observe, decide, act, observe again
hosts/       I/O: one SSH connection a host, the Engine API over it, readers of facts, performers of steps
run/         what one run of Pulumi knows, and the one flow of all five resources in it
here         gwbridge, swarm, node, ingress and overlay in Pulumi's six words. Module and class names are stored in
             users' state files: a published format.
program/     what the stack file wants, declared by the five

What each holds, and how data flows: docs/design.md. This file imports nothing of ours, so that importing one wing never
pulls in another.
"""

import gc

# The program, the plugin and the command keep most of what they build to their end. By Python's own numbers it would be
# looked through again and again for what is not needed any more: a quarter of the program's work with 100 overlays, and
# half of it with 1,000. By these it takes no more memory.
gc.set_threshold(20_000, 20, 50)
