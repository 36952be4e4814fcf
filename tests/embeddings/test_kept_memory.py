"""Memory that is kept between batches: fewer page faults, the same figures, given back after."""

import platform
import subprocess
import sys

import pytest
import torch

from latentprint.embeddings.kept_memory import kept_memory

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")

MEASURES = """
import resource
from pathlib import Path

import torch

from latentprint.embeddings.kept_memory import kept_memory

BUFFER = 64 << 20


def faults_of_buffers():
    torch.ones(BUFFER, dtype=torch.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(BUFFER, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


outside, before = faults_of_buffers(), resident()
"""


def run_alone(program: str) -> None:
    """Run a program in a process of its own, whose memory no other test has used."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURES + program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@on_glibc
def test_buffers_are_used_again_inside_and_given_back_after() -> None:
    run_alone("""
with kept_memory("cpu"):
    # The first buffer may be new; the later ones are not.
    assert faults_of_buffers() < outside / 3
    assert resident() > before + BUFFER / 2
assert resident() < before + BUFFER / 2
""")


@on_glibc
def test_memory_is_given_back_after_an_error() -> None:
    run_alone("""
try:
    with kept_memory("cpu"):
        faults_of_buffers()
        raise ValueError
except ValueError:
    pass
assert resident() < before + BUFFER / 2
""")


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("a library was loaded")

    monkeypatch.setattr("ctypes.CDLL", refuse)
    with kept_memory("cuda:0"):
        pass
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with kept_memory("cpu"):
        pass


def test_figures_do_not_depend_on_it() -> None:
    convolution = torch.nn.Conv2d(3, 64, 3).requires_grad_(False)
    pixels = torch.rand(16, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with kept_memory("cpu"):
        kept = convolution(pixels)
    assert torch.equal(kept, convolution(pixels))
