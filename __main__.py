"""What Pulumi runs: the program, in a process of its own."""

from providers.program.process import run_program

run_program()
