"""`pulumi preview --json` as Markdown for whoever reviews a pull request: knows networks, but not Pulumi.

preview.py   the JSON as Pulumi writes it
changes.py   what is to change, in the order in which it comes about
effects.py   what each change disturbs, in words: for a report, its first line, and a preview's row
foreseen.py  what can be seen to be refused
findings.py  what facts add: names and numbers
summary.py   the one line that stands first
networks.py  each network before and after, as a table and as a picture
details.py   the full diff
page.py      all of it together, within the space that a comment has

No hosts, files or clock here. This file imports nothing.
"""
