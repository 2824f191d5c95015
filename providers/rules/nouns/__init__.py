"""The five nouns: what differs from what is wanted, and what comes next. How a change of what runs is carried out is in
live."""
