"""How often intervals hold the truth, and how often tests of nothing claim something."""
