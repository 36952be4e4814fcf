"""Cosine similarity: distributions, stability and neighbour galleries."""
