"""Arithmetic: compiled functions over floats and arrays. Imports numpy, numba, math and other kernels only."""
