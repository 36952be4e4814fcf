"""Erase what a linear classifier can read of a nuisance from frozen embeddings.

``moments`` streams over rows, ``leace`` makes a map of the moments in closed form, ``eraser`` is
that map, ``artefact`` keeps it in a folder, and ``apply`` and ``export`` take it to other places.
Nothing here knows of photos or encoders.
"""
