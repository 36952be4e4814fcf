"""What the embeddings of a store say of single photos.

``calibrated`` fits probes to ``examples``, reads one vector and says how sure that is;
``neighbours`` finds out which neighbours are there because of traces, ``parts`` splits the
similarity of two photos, and ``affected`` looks for the photos whose neighbours change most.
``findings`` holds what was found, ``telling`` the words for it, and ``page`` makes pages. Nothing
here loads an encoder.
"""
