"""What of a plan cannot work, and why: within one stack file, across stacks, and against what hosts have."""
