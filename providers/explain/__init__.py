"""Words and pictures for people: the report of a preview, the map, drift, forecasts. Nothing here decides or reaches
anything."""
