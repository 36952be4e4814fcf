from tests.photos.conftest import shared_cases

__all__ = ["shared_cases"]
