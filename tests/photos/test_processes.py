"""Processes that read photos."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

UNGUARDED = """
from latentprint.photos.processes import worker_pool

print("begun")
with worker_pool(1) as pool:
    print(pool.submit(abs, -1).result(timeout=60))
"""
DEFINING = """
from latentprint.photos.processes import worker_pool

class Own:
    def __repr__(self):
        return "sent"

if __name__ == "__main__":
    with worker_pool(1, [Own()]) as pool:
        print(pool.submit(repr, Own()).result(timeout=60))
"""


def test_a_script_needs_no_guard_unless_it_sends_what_it_defines(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    for text, said in ((UNGUARDED, "begun\n1\n"), (DEFINING, "sent\n")):
        script.write_text(text)
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, check=False, timeout=100
        )
        assert (done.stdout, done.stderr) == (said, "")
