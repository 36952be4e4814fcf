"""One exact search for nearest neighbours by cosine similarity.

Float32 products choose candidates, with a proof that none is missing (``candidates``); exact
similarities, whole multiples of 2^-40, decide between those that are too close to tell apart
(``pools``); equal ones are ordered by row (``grid``). So every machine, memory and number of
threads finds the same neighbours.
"""
