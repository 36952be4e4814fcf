"""Nearest neighbours, exact and fast: kNN influence and robustness."""
