"""What an installation brings over the network, and what it takes on the disk.

    python -m benchmarks.installation            # without extras
    python -m benchmarks.installation '[torch]'

The wheel is built from this clone, it and all that it needs are downloaded for this machine, and
they are installed into an empty environment, which is measured without pip itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

LARGEST = 10
"""How many packages are listed."""


def main() -> None:
    """Install into a temporary folder, and print millions of bytes."""
    extras = sys.argv[1] if len(sys.argv) > 1 else ""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        venv.create(folder / "venv", with_pip=True)
        python = next((folder / "venv").glob("[Bb]in/python")).absolute()

        def pip(*arguments: object) -> None:
            command = [python, "-m", "pip", "--quiet", *arguments]
            subprocess.run([str(each) for each in command], check=True)

        pip("wheel", "--no-deps", "--wheel-dir", folder / "built", root)
        wheel = next((folder / "built").iterdir())
        pip("download", "--dest", folder / "wheels", f"{wheel}{extras}")
        pip("install", "--no-index", "--find-links", folder / "wheels", f"{wheel}{extras}")
        pip("uninstall", "--yes", "pip", "setuptools")
        wheels = {each.name: each.stat().st_size for each in (folder / "wheels").iterdir()}
        packages = next((folder / "venv").glob("[Ll]ib/**/site-packages"))
        parts = {each.name: _size(each) for each in packages.iterdir()}
        compiled = sum(each.stat().st_size for each in packages.rglob("*.pyc"))
    print(f"download: {sum(wheels.values()) / 1e6:.0f} MB in {len(wheels)} files")
    _list(wheels)
    total = sum(parts.values())
    print(f"disk: {total / 1e6:.0f} MB, of which {compiled / 1e6:.0f} are compiled by pip")
    _list(parts)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(each.stat().st_size for each in files if each.is_file())


def _list(sizes: dict[str, int]) -> None:
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True)[:LARGEST]:
        print(f"  {sizes[name] / 1e6:6.1f}  {name}")


if __name__ == "__main__":
    main()
