"""A shard is told from one that was exchanged or changed, by its seal and sizes alone."""

from pathlib import Path
from shutil import copy

import pytest

from latentprint.embeddings import extract
from latentprint.embeddings.shard import Shard
from latentprint.embeddings.sharded import DamagedFile
from latentprint.photos import Photos
from latentprint.processing import NONE

from .killing import HOW
from .toy import ToyEncoder


def test_another_number_another_store_and_other_rows_are_seen(
    photos: Photos, tmp_path: Path
) -> None:
    (store,) = extract(photos, [ToyEncoder()], [NONE], tmp_path, extraction=HOW)
    first, identity = store.shard(0), store.identity
    first.check_sizes(identity)
    with pytest.raises(DamagedFile, match="belongs to another store"):
        first.check_sizes("another")
    renamed = Shard(store.folder, 99)
    for one, other in ((first.tensors, renamed.tensors), (first.rows, renamed.rows)):
        copy(one, other)
    with pytest.raises(DamagedFile, match="it is shard 0 under another name"):
        renamed.check_sizes(identity)
    first.rows.write_bytes(first.rows.read_bytes() + b" ")
    with pytest.raises(DamagedFile, match=r"bytes; .* were written with its vectors"):
        first.check_sizes(identity)
