"""The commands as functions of Python, with the same names, options and errors."""
