"""Runs whose workers, and which themselves, are killed at random moments. Anyone can run it.

    python -m benchmarks.faults --runs 20

Each run is killed one to three times, and then finished. It fails where a shard that was kept, or
the finished store, is not the one of an undisturbed run, byte for byte.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.embeddings.killing import contents, kill_at_random, make_photos, run

from latentprint.photos import open_photos


def main() -> None:
    """Print how many kills the stores survived."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    kills = 0
    with tempfile.TemporaryDirectory() as folder:
        photos = open_photos(make_photos(Path(folder) / "photos"))
        run(photos, Path(folder) / "undisturbed")
        whole = contents(Path(folder) / "undisturbed")
        for seed in range(options.seed, options.seed + options.runs):
            out = Path(folder) / f"run-{seed}"
            killed = kill_at_random(photos, out, seed)
            kept = {name for name in contents(out) if name.endswith(".parquet")}
            if any(contents(out)[name] != whole[name] for name in kept):
                raise SystemExit(f"seed {seed}: a shard that was kept differs")
            run(photos, out)
            if contents(out) != whole:
                raise SystemExit(f"seed {seed}: the finished store differs")
            kills += killed
            print(f"seed {seed}: {killed} kills, {len(kept)} shards kept, finished bit-identical")
    print(f"{options.runs} runs, {kills} kills: nothing lost, nothing differs")


if __name__ == "__main__":
    main()
