"""The values that all wings share: facts, specs, steps, errors, addresses, routes. Nothing here decides anything."""
