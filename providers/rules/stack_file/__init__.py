"""The stack file: from text to one model, its types, its reference, and edits of its text. What its networks may not
do to each other is in checks."""
