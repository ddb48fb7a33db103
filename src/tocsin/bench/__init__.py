"""Measuring: tracks and forecasts beside bounds and beside peers, cost against size, memory against time."""
