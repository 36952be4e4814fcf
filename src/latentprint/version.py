"""The version of latentprint that is installed."""

from importlib.metadata import version

__version__ = version("latentprint")
