"""Everything in a plan that cannot work, and why: within one stack file, across stacks, and against what hosts have."""
