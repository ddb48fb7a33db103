"""Generators of scenes: what truly flew, and what sensors said of it, each drawn from a seed."""
