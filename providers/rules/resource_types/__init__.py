"""The five resource types: how each differs from what is desired, and what comes next. How a change under running
services is carried out is in live."""
