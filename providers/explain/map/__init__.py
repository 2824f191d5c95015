"""The networks of stacks as a picture: a page for the browser, an SVG, a flowchart for Mermaid.

claims.py     who has which range, keeps it free or probably takes it; what overlaps
blocks.py     the claims nested in each other, with the free space between them
boxes.py      what all three pictures are made of, for the address plan, the hosts, the networks with their services
layout.py     where each box is in the SVG
svg.py        the SVG
style.py      colours and style sheets
flowchart.py  Mermaid
tables.py     the same in tables, for those who read rather than look
page.py       the page: headings, pictures, tables
markup.py     elements of HTML and SVG

No files, hosts or clock here. The output has no script and no address of the network. This file imports nothing.
"""
