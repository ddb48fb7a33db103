"""Many seeded runs of one scenario and what they show, as counts with intervals. May see truth; no stage may see it."""
