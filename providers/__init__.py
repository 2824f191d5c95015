"""Swarmnet's resources, in four layers; lower ones never import higher ones.

rules/   pure decisions: what is wanted (specs), what hosts report (facts), what can be done (steps), and
         for each noun `differences` and `next_step`. No I/O, no clock, no Docker, SSH or Pulumi.
hosts/   I/O by Engine object: one SSH connection a host, the Engine API over it, readers of facts,
         performers of steps, and the loop that looks, decides, acts and looks again.
here     the glue: gwbridge, swarm, node, ingress and overlay in Pulumi's six words; resource.py is what
         the five share. Module and class names are stored in users' state files: a published format.
cli/     the `swarmnet` command, beside this package.

Data flows one way: stacks/*.yaml -> rules.stackfile -> rules.plan -> a Resource's inputs -> (Pulumi) ->
its Provider -> hosts.reconcile(rules.<noun>) -> the hosts.

This file imports nothing, so that importing one layer never pulls in another.
"""
