"""The stack file: from text to one model, its types, its reference, and edits of its text. Conflicts between its
networks are in checks."""
