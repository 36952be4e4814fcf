"""What the embeddings of a store say of single photos.

``calibrated`` reads labels off one vector and says how sure that is, ``neighbours`` finds out which
neighbours are there because of traces, ``parts`` splits the similarity of two photos, ``affected``
looks for the photos whose neighbours change most. ``telling`` has the words of all of them, and
``page`` makes pages. Nothing here loads an encoder.
"""
