"""Runs whose workers, and which themselves, are killed at random moments. Anyone can run it.

    python -m benchmarks.faults --runs 20
    python -m benchmarks.faults --runs 20 --grow

Each run is killed one to three times, and then finished. It fails where a shard that was kept, or
the finished store, is not the one of an undisturbed run, byte for byte. With ``--grow`` a finished
store gets further photos and a further class.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.embeddings.killing import (
    begin_small,
    contents,
    grown_undisturbed,
    kill_at_random,
    make_photos,
    run,
    shards,
)

from latentprint.photos import open_photos


def main() -> None:
    """Print how many kills the stores survived."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grow", action="store_true")
    options = parser.parse_args()
    classes = 2 if options.grow else 1
    kills = 0
    with tempfile.TemporaryDirectory() as folder:
        photos = open_photos(make_photos(Path(folder) / "photos"))
        begun = Path(folder) / "begun"
        if options.grow:
            begin_small(photos, begun)
            whole = grown_undisturbed(photos, begun, Path(folder) / "undisturbed")
        else:
            begun.mkdir()
            run(photos, Path(folder) / "undisturbed")
            whole = contents(Path(folder) / "undisturbed")
        for seed in range(options.seed, options.seed + options.runs):
            out = Path(folder) / f"run-{seed}"
            shutil.copytree(begun, out)
            killed = kill_at_random(photos, out, seed, classes=classes)
            kept = shards(contents(out))
            if not kept.items() <= whole.items():
                raise SystemExit(f"seed {seed}: a shard that was kept differs")
            run(photos, out, classes=classes)
            if contents(out) != whole:
                raise SystemExit(f"seed {seed}: the finished store differs")
            kills += killed
            print(
                f"seed {seed}: {killed} kills, {len(kept) // 2} shards kept, finished bit-identical"
            )
    print(f"{options.runs} runs, {kills} kills: nothing lost, nothing differs")


if __name__ == "__main__":
    main()
