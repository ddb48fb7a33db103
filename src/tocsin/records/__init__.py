"""Nouns: what crosses a stage border. Frozen, SI units and radians, one frame each; no method computes.

Columnar where there are many: one record of arrays for a batch, not one object for a detection. Lengths are written
n (rows), S (sensors), Z (zones), A (assets), T (tracks), M (motion models), C (classes). Positions are in the site's
east-north-up frame (see `frames`). NaN in an optional column means "not given".
"""
