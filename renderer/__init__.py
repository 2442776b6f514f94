"""Coefficients in, pixels out: the face model, the camera, flow fields and the generator."""
