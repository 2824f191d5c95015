"""The values that all wings speak in: facts, specs, steps, errors, addresses, routes. Nothing here decides anything."""
