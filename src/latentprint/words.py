"""The vocabulary of the result table: what is measured, and what may be said of it.

Every word that stands in a column of the results, and every margin that a verdict depends on, is
here and nowhere else. The experiments write these words and the report reads them, so this module
imports nothing of ours.
"""

from __future__ import annotations

from enum import StrEnum


class Experiment(StrEnum):
    """What a row of the result table, or a record of the details, was measured by."""

    PROCESSING_PROBE = "processing_probe"
    ACQUISITION_PROBE = "acquisition_probe"
    LEARNING_CURVE = "learning_curve"
    VARIANCE = "variance"
    KNN_INFLUENCE = "knn_influence"
    NEIGHBOUR_GALLERY = "neighbour_gallery"
    ROBUSTNESS = "robustness"
    NEAR_DUPLICATE = "near_duplicate"
    SIMILARITY = "similarity"
    STABILITY = "stability"
    CORRELATION = "correlation"
    ERASURE = "erasure"


PROBES = (Experiment.PROCESSING_PROBE, Experiment.ACQUISITION_PROBE)
"""The experiments whose rows are probes."""


class ProbeSetup(StrEnum):
    """How a probe differs from the published protocol."""

    PUBLISHED = ""
    ALL = "all"
    PAIRED = "paired"
    PAIRED_ALL = "paired all"
    WITHIN_CLASS = "within class"

    @classmethod
    def of(cls, *, paired: bool, every_class: bool) -> ProbeSetup:
        """The set-up of a processing probe.

        Args:
            paired: Each photo's mean over the classes is subtracted.
            every_class: Every training photo is shown under every class.
        """
        if paired:
            return cls.PAIRED_ALL if every_class else cls.PAIRED
        return cls.ALL if every_class else cls.PUBLISHED

    @property
    def paired(self) -> bool:
        """Whether each photo's mean over the classes is subtracted."""
        return self in (ProbeSetup.PAIRED, ProbeSetup.PAIRED_ALL)

    @property
    def every_class(self) -> bool:
        """Whether every training photo is shown under every class."""
        return self in (ProbeSetup.ALL, ProbeSetup.PAIRED_ALL)


class InfluenceSetup(StrEnum):
    """Which photos share the processing of the query, and the influence itself."""

    ALL_SAME = "all-same"
    ALL_DIFF = "all-diff"
    POS_SAME = "pos-same"
    NEG_SAME = "neg-same"
    UNIFORM = "uniform"
    INFLUENCE = "influence"


class PairGallery(StrEnum):
    """Whose device the distractors share; the published words have misled readers."""

    QUERY = "distractors share the query's device"
    TARGET = "distractors share the target's device"
    DIFFERENCE = "difference"


class PairMeasure(StrEnum):
    """What is measured of retrieved pairs; recall has its k behind it, as published."""

    RECALL = "recall"
    MEDIAN_RANK = "median_rank"
    RANK_SHIFT = "rank_shift"
    MARGIN = "margin"

    def at(self, k: int) -> str:
        """The name with its k, such as ``recall@1``."""
        return f"{self}@{k}"


class RobustnessMeasure(StrEnum):
    """What neighbours share."""

    INDEX = "robustness index"
    CLASS_PURITY = "class purity"
    NUISANCE_PURITY = "nuisance purity"


class RobustnessCondition(StrEnum):
    """Which labels chance shuffles."""

    WITHIN_CLASS = "within class"
    ALL_PHOTOS = "all photos"


class SimilarityMeasure(StrEnum):
    """Mean cosine similarities, and how often one kind of pair is more similar than another."""

    SAME_SAME = "same semantic, same metadata"
    SAME_DIFF = "same semantic, diff metadata"
    DIFF_SAME = "diff semantic, same metadata"
    DIFF_DIFF = "diff semantic, diff metadata"
    AGAINST = "AUC, metadata against semantics"
    WITH = "AUC, metadata with semantics"
    DIFFERENCE = "AUC difference"


class StabilityMeasure(StrEnum):
    """How far a photo moves when it is encoded again."""

    SELF = "self-similarity"
    FIFTH = "self-similarity, 5th percentile"
    FIRST = "self-similarity, 1st percentile"
    OTHER = "similarity to the nearest other photo"
    FARTHER = "farther than the nearest other photo"
    BELOW = "below the threshold"


class VarianceMeasure(StrEnum):
    """Shares of the variance, and mean cosine distances."""

    PROCESSING = "processing share"
    PHOTO = "photo share"
    REST = "rest share"
    SHIFT = "shift"
    DISTANCE = "distance"


class Stage(StrEnum):
    """Before and after erasure, and the difference, photo by photo."""

    BEFORE = "before"
    AFTER = "after"
    CHANGE = "change"


class Seen(StrEnum):
    """Whether the eraser was fitted on the classes of a row."""

    SEEN = "seen"
    PARTLY = "partly seen"
    UNSEEN = "unseen"


class ErasureMeasure(StrEnum):
    """What is measured before and after erasure, on photos that the eraser never saw."""

    INFLUENCE = "kNN influence"
    NUISANCE = "nuisance purity"
    CLASS = "class kNN"
    LINEAR = "linear probe"
    LINEAR_PAIRED = "linear probe, paired"
    RBF = "RBF probe"
    RBF_PAIRED = "RBF probe, paired"
    OVERLAP = "neighbours kept"
    MIXED = "neighbours of the same state"
    SELF = "self-similarity"
    MISSED = "copies missed"
    MISSED_ANEW = "copies missed, threshold set anew"
    THRESHOLD = "threshold of the same false matches"
    RECALL = "recall@1 of pairs"
    MARGIN = "margin of pairs"
    INDEX = "robustness index"
    VARIANCE = "variance removed"
    MEANS = "differences of class means left"
    LENGTHS = "the same, rows of unit length"
    SHIFT = "shift of classes left"


HARMS = (ErasureMeasure.INFLUENCE, ErasureMeasure.NUISANCE)
"""The measures that judge an eraser: how far neighbours follow what it is to erase."""


class Verdict(StrEnum):
    """What a row says.

    Probes: is the label in the embedding? Others: do neighbours, retrieval or similarity change?
    """

    CARRIED = "carried"
    UNDECIDED = "undecided"
    NOT_SHOWN = "not shown"
    BELOW_CHANCE = "below chance"

    CHANGE = "traces change neighbours"
    NO_CHANGE = "no change shown"
    DISTRACTION = "traces distract retrieval"
    NO_DISTRACTION = "no distraction shown"
    NARROWING = "traces narrow the margin"
    NO_NARROWING = "no narrowing shown"
    FOLLOWS_NUISANCE = "neighbours follow the nuisance"
    AVOIDS_NUISANCE = "neighbours avoid the nuisance"
    NO_NUISANCE = "not shown to follow the nuisance"
    FOLLOWS_CLASS = "neighbours follow the class"
    AVOIDS_CLASS = "neighbours avoid the class"
    NO_CLASS = "not shown to follow the class"
    ALIKE = "same metadata, more alike"
    NOT_ALIKE = "not shown to be more alike"

    ERASED = "erased"
    REDUCED = "reduced"
    HARMFUL = "harmful"
    NOTHING = "nothing to erase"
    KEPT = "kept"
    LOST = "lost"


class Comparison(StrEnum):
    """How the second of two measurements differs from the first."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no difference shown"
    NOT_COMPARABLE = "not comparable"


class Learned(StrEnum):
    """Whether training put a label into the embedding, against the untrained network alone."""

    ADDED = "added by training"
    NO_MORE = "no more than untrained"
    UNDECIDED = "undecided"


class Direction(StrEnum):
    """Which way an effect goes that was shown."""

    EXPECTED = "as expected"
    REVERSED = "reversed"


class Harm(StrEnum):
    """Whether traces were shown to do harm."""

    NEIGHBOURS = "changes neighbours"
    RETRIEVAL = "distracts retrieval"
    NOT_SHOWN = "not shown"


NO_INTERVAL = "queries of one group: no interval"
"""What is noted of figures of one query, or of queries of one group: its interval has no width."""

SEMANTIC = "label"
"""The attribute that encoders are meant to tell: the column with the semantic class."""

RANDOM_DIRECTIONS = "random directions"
"""The eraser of a control: as many directions as are erased, drawn at random."""

CONTROL = "control"
"""The family of untrained networks and pixel statistics."""

UNTRAINED = ", untrained"
"""What stands behind the name of a network whose weights were never trained."""

ERASED = ", erased"
"""What stands behind the name of an encoder whose vectors went through an eraser."""

COLOUR_STATISTICS = "colour statistics"
"""The control that reads 18 statistics of the crop."""

DCT_ENERGIES = "DCT energies"
"""The control that reads the photo at its native size: what the pixels hold."""

MARGIN = 1.0
"""Points by which a whole interval must exceed chance, or the untrained network.

An interval redraws photos and fits, but not the choice of hyperparameters, which moves the figures
of a few hundred photos by about a point.
"""

SMALLEST_EFFECT = 0.5
"""Points below which an effect that was shown is told as tiny."""

FALSE_DISCOVERIES = 0.05
"""Share of false discoveries among verdicts that a margin guards as well."""

EXACT_FALSE_DISCOVERIES = 0.01
"""The same where p alone decides: at most one run of nothing in a hundred claims anything."""

BELOW_CHANCE_DISCOVERIES = 0.01
"""The same for the alarm that a probe is below chance."""

CLASS_MARGIN = 2.0
"""Points of class kNN that an eraser may cost: kept where the whole interval loses less."""

LEAST_OVERLAP = 80.0
"""Percent of nearest neighbours that must stay, by the whole interval, to count as kept."""

LEAST_FALL = 0.5
"""Share of the harm that must be gone, at the least, for a trace to count as erased."""
