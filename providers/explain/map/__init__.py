"""The networks of stacks as a picture: a page for the browser, an SVG, a flowchart for Mermaid.

address_ranges.py   who has which range, keeps it free or probably takes it; what overlaps
blocks.py   the claims nested in each other, with the free space between them
boxes.py    what is shown in all three: the address plan, the hosts, the networks with their services
page.py     the page and the SVG; the flowchart is in ../flowchart.py

No files, hosts or clock here. The output has no script and no address of the network. This file imports nothing.
"""
