"""From a swarm that somebody else made to the stack file that takes it over: pure, and without intent of its own.

found.py is what was read, sections.py what can be declared of it (one_network.py: of one network), leave_out.py what
has to be left out, text.py the file. No hosts or files are read here.
"""
