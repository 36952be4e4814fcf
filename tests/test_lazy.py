"""Names that are loaded when they are used."""

import pytest

from latentprint.lazy import loaded_when_used


def test_a_name_of_a_module_is_refused_since_the_module_would_take_its_place() -> None:
    get = loaded_when_used("latentprint", {"version": ("installed",)})
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        get("nothing")
    with pytest.raises(ValueError, match="names of modules too: version"):
        loaded_when_used("latentprint", {"version": ("version",)})
