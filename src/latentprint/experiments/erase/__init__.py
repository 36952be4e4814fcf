"""The proof that an eraser helped, on photos that it never saw.

``views`` shows the experiments erased embeddings as if they were any other, so that kNN influence,
pairs and robustness are measured by the experiments that are there. ``staged`` sets a figure of
every photo before beside that after; the other modules each measure one thing in that way.
"""
