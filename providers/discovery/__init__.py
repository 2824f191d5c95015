"""From a swarm that somebody else made to the stack file that takes it over: pure, and without intent of its own.

found.py is what was read, sections.py what can be declared of it (networks.py: of one network), clashes.py what has to
be left out, text.py the file. Reading hosts and files must not enter.
"""
