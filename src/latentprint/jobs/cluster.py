"""Shards made by actors of a Ray cluster, each with the encoders in its own memory.

Only photos' names and the plan travel: pixels are read and shards are written where they are made,
in folders that all machines share.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from latentprint.embeddings import Extraction, Progress, Store
from latentprint.embeddings.index import Index
from latentprint.embeddings.kept_memory import kept_memory
from latentprint.embeddings.making import Making, device_of, stores_of
from latentprint.embeddings.shares import Chunk, count_photos
from latentprint.errors import LatentprintError, UsageError, brief
from latentprint.jobs.encoder_groups import EncoderGroups
from latentprint.jobs.members import EmbeddingError, Member
from latentprint.photos import Photos
from latentprint.processing import Processing

logger = logging.getLogger(__name__)

_PIECES = 8
"""Into how many pieces the work of each actor is cut: few pools of processes, even ends."""

_RETRIES = 3
"""How often a piece is begun again whose actor ended."""

_FAILURES = 2
"""After so many failures of each actor, all in a row, the rest is not tried."""

_PATIENCE = 60.0
"""Seconds between two words on a cluster that is full."""

_NAMED = 10


@dataclass(frozen=True)
class Cluster:
    """How the work is spread over a cluster.

    Attributes:
        actors: How many actors; by default one for each GPU, or without any for each two cores.
        gpus: GPUs of each, also less than one; by default one where the cluster has any.
    """

    actors: int | None = None
    gpus: float | None = None

    @classmethod
    def of(
        cls, engine: Literal["local", "ray"], actors: int | None, gpus: float | None
    ) -> Cluster | None:
        """What the options of a command say; None for this process.

        Raises:
            UsageError: Ray is not installed, or it is not asked for and its options are.
        """
        if engine == "ray":
            require_ray()
            return cls(actors, gpus)
        if actors is not None or gpus is not None:
            raise UsageError("--actors and --gpus-per-actor are for --engine ray.")
        return None


def require_ray() -> Any:
    """The library.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise UsageError("--engine ray needs Ray: pip install 'latentprint[ray]'.") from error
    return ray


def make_on_cluster(
    groups: EncoderGroups,
    cluster: Cluster,
    making: Making,
    chunks: Sequence[Chunk],
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """Make shards on the cluster of ``RAY_ADDRESS``, or one that is started here and ended.

    Args:
        groups: What the encoders were loaded from.
        cluster: How the work is spread.
        making: What is made; its encoders are ``Member`` objects.
        chunks: The shards.
        on_progress: Called after each piece of work.

    Raises:
        LatentprintError: Some shards could not be made; the message names them.
    """
    with _connected() as (ray, logs):
        actors, resources, workers = _sizes(ray, cluster, making.how)
        job = _Job.of(groups, making, workers, chunks)
        kind = ray.remote(_Maker).options(
            max_restarts=-1, max_task_retries=_RETRIES, scheduling_strategy="SPREAD", **resources
        )
        # In a list it stays a reference, which an actor follows when it begins, or begins again.
        work = _Work(ray, [ray.put(job)], making, chunks, logs)
        work.run([kind.remote() for _ in range(actors)], on_progress)


@dataclass(frozen=True)
class _Job:
    """What every actor has to know."""

    groups: EncoderGroups
    specs: tuple[str, ...]
    names: tuple[str, ...]
    photos: Photos
    stores: tuple[Store, ...]
    classes: tuple[Processing, ...]
    how: Extraction
    needed: tuple[int, ...]

    @classmethod
    def of(
        cls, groups: EncoderGroups, making: Making, workers: int, chunks: Sequence[Chunk]
    ) -> _Job:
        members = [each for each in making.encoders if isinstance(each, Member)]
        return cls(
            EncoderGroups(groups.asked, groups.loading, groups.seed),
            tuple(dict.fromkeys(each.spec for each in members)),
            tuple(each.name for each in members),
            making.photos,
            tuple(Store(each.folder, each.manifest, Index({})) for each in making.stores),
            making.classes,
            replace(making.how, workers=workers),
            tuple(stores_of(chunks)),
        )


@dataclass(frozen=True)
class _Made:
    """What came of a piece of work: how many photos were read and are broken, or a failure."""

    photos: int = 0
    broken: int = 0
    failure: str | None = None
    spec: str | None = None


class _Maker:
    """The actor: loads the encoders once, and makes shards."""

    def __init__(self) -> None:
        self._making: Making | None = None

    def make(self, job: list[Any], chunks: Sequence[Chunk]) -> _Made:
        """Make those shards of some chunks that are not there.

        Args:
            job: A reference to the job.
            chunks: The shards; without any the encoders are loaded and compared.
        """
        # As words: an error of a library may not survive the way to another process.
        try:
            making = self._loaded(job)
            with kept_memory(device_of(making.encoders)):
                return _Made(*making.make([each for each in chunks if not making.is_made(each)]))
        except EmbeddingError as error:
            return _Made(failure=str(error), spec=error.spec)
        except LatentprintError as error:
            return _Made(failure=str(error))

    def _loaded(self, reference: list[Any]) -> Making:
        if self._making is None:
            job: _Job = require_ray().get(reference[0])
            members = job.groups.again(job.specs, job.names)
            made = Making(job.photos, members, job.stores, job.classes, job.how)
            made.compare_encoders(job.needed)
            self._making = made
        return self._making


class _Work:
    """Pieces of work, handed to actors one after another."""

    def __init__(
        self,
        ray: Any,
        job: list[Any],
        making: Making,
        chunks: Sequence[Chunk],
        logs: Path,
    ) -> None:
        self.ray, self.job, self.making, self.chunks, self.logs = ray, job, making, chunks, logs
        self._failed: dict[str, list[Chunk]] = {}

    def run(self, actors: Sequence[Any], on_progress: Callable[[Progress], None] | None) -> None:
        """Make all.

        Raises:
            LatentprintError: Some shards could not be made.
        """
        size = max(1, len(self.chunks) // (_PIECES * len(actors)))
        pieces = deque(
            self.chunks[start : start + size] for start in range(0, len(self.chunks), size)
        )
        total, begun = len(self.making.photos), time.monotonic()
        reused = total - count_photos(self.chunks)
        done = broken = in_a_row = 0
        running = self._placed(actors)
        while pieces or any(chunks for _, chunks in running.values()):
            (ref,), _ = self.ray.wait(list(running), num_returns=1)
            actor, chunks = running.pop(ref)
            made = self._result(ref, chunks)
            done, broken = done + made.photos, broken + made.broken
            if on_progress and chunks:
                seconds, so_far = time.monotonic() - begun, min(reused + done, total)
                on_progress(Progress(so_far, total, broken, reused, seconds))
            in_a_row = 0 if made.failure is None else in_a_row + 1
            if in_a_row > _FAILURES * len(actors):
                for piece in pieces:
                    self._failed.setdefault("given up after so many failures", []).extend(piece)
                pieces.clear()
            if pieces:
                piece = pieces.popleft()
                running[actor.make.remote(self.job, piece)] = actor, piece
        if self._failed:
            raise LatentprintError(self._said())

    def _placed(self, actors: Sequence[Any]) -> dict[Any, tuple[Any, Sequence[Chunk]]]:
        """Let the actors load their encoders, one before all others.

        The first keeps what the encoders say of made-up pictures, the others compare. An actor that
        has no place yet holds nobody up.
        """
        places = {each.__ray_ready__.remote(): each for each in actors}
        while not (found := self.ray.wait(list(places), timeout=_PATIENCE)[0]):
            logger.warning("No actor has a place on the cluster yet: waiting for one.")
        first = places[found[0]]
        self._result(first.make.remote(self.job, ()), ())
        return {each.make.remote(self.job, ()): (each, ()) for each in actors}

    def _result(self, ref: Any, chunks: Sequence[Chunk]) -> _Made:
        try:
            made: _Made = self.ray.get(ref)
        except self.ray.exceptions.RayError as error:
            made = _Made(failure=f"the actor ended: {brief(error)}")
        if made.spec is not None:
            raise EmbeddingError(made.spec, str(made.failure))
        if made.failure is not None:
            if not chunks:
                raise LatentprintError(f"{made.failure} Logs of the actors: {self.logs}.")
            self._failed.setdefault(made.failure, []).extend(chunks)
        return made

    def _said(self) -> str:
        sentences = []
        for reason, chunks in self._failed.items():
            lost = [each for each in chunks if not self.making.is_made(each)]
            numbers = [
                f"{self.making.stores[part.store].folder.name} {part.number}"
                for each in lost
                for part in each.parts
            ]
            more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
            sentences.append(
                f"Shards that were not made: {', '.join(numbers[:_NAMED])}{more} "
                f"({reason.rstrip('.')})."
            )
        return (
            f"{' '.join(sentences)} All others are kept: run the same command again to finish. "
            f"Logs of the actors: {self.logs}."
        )


@contextmanager
def _connected() -> Iterator[tuple[Any, Path]]:
    """Ray, and the folder of its logs; a connection that is made here is ended."""
    ray = require_ray()
    begun, logs = not ray.is_initialized(), Path("/tmp/ray/session_latest/logs")  # noqa: S108
    if begun:
        # Nothing is sent anywhere unless it is asked for.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM)
        try:
            context = ray.init(log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError) as error:
            address = os.environ.get("RAY_ADDRESS", "none: a local one was to be started")
            raise LatentprintError(
                f"Ray cannot be reached or started ({brief(error)}): see RAY_ADDRESS ({address})."
            ) from error
        if main and before is not None:
            # Ray sets its own, which ends the process without a word.
            signal.signal(signal.SIGTERM, before)
        logs = Path(context.address_info["session_dir"]) / "logs"
    try:
        yield ray, logs
    finally:
        if begun:
            ray.shutdown()


def _sizes(ray: Any, cluster: Cluster, how: Extraction) -> tuple[int, dict[str, float], int]:
    """How many actors, what each takes of the cluster, and how many processes it reads with."""
    there = ray.cluster_resources()
    cores, there_gpus = int(there.get("CPU", 1)), float(there.get("GPU", 0))
    gpus = cluster.gpus if cluster.gpus is not None else min(1.0, there_gpus)
    if gpus > there_gpus:
        raise UsageError(f"The cluster has {there_gpus:g} GPUs: {gpus:g} for each actor are more.")
    fitting = int(there_gpus / gpus) if gpus else max(1, cores // 2)
    actors = cluster.actors or fitting
    each = max(1, cores // actors)
    workers = how.workers if how.workers is not None else each - 1
    return actors, {"num_cpus": each, "num_gpus": gpus}, workers
