"""A profile of 500 columns and 30 blocks of time stays under a megabyte, compressed."""

from __future__ import annotations

import gzip
import json
import math
import random
from itertools import pairwise
from statistics import NormalDist

import jsonschema

from mlops_actions import schema
from mlops_actions.data.engines.hyperloglog import STORED, Registers
from mlops_actions.data.profiles import bins, profile
from mlops_actions.data.profiles.blocks import Blocks, ColumnBlocks, Unit
from mlops_actions.data.profiles.blockscan import rounded
from mlops_actions.data.profiles.profile import Bins, ColumnProfile, Kind, Profile, Range, Special

COLUMNS, BLOCKS, ROWS = 500, 30, 1_000_000
"""Rows of each block."""
RANDOM = random.Random(4)  # noqa: S311


def parts(total: int, weights: list[float]) -> list[int]:
    """A draw of about so many rows among cells, that adds up."""
    sure = sum(weights)
    found = [max(0, round(RANDOM.gauss(total * each / sure, math.sqrt(total * each / sure)))) for each in weights]
    found[-1] = max(0, found[-1] + total - sum(found))
    return found if sum(found) == total else parts(total, weights)


def number(index: int) -> ColumnProfile:
    """A column of floating numbers with nulls and NaN, every figure of it drawn."""
    center, sd = RANDOM.gauss(0, 100), RANDOM.lognormvariate(0, 2)
    spread = NormalDist(center, sd)
    fine = bins.fine([center + sd * each for each in (-1.64, -0.67, 0.0, 0.67, 1.64)])
    low, high = RANDOM.gauss(center - 4.5 * sd, sd / 10), RANDOM.gauss(center + 4.5 * sd, sd / 10)
    inside = [low, *(edge for edge in fine if low < edge < high), high]
    mass = {end: spread.cdf(end) - spread.cdf(start) for start, end in pairwise(inside)}
    counted = {edge: round(each * ROWS * BLOCKS) for edge, each in mass.items()}
    detail = bins.detail(COLUMNS, in_blocks=True)
    coarse = bins.coarse(counted, low, high, bins=detail.bins)
    finer = tuple(sorted({*coarse, *bins.coarse(counted, low, high, bins=detail.fine)}))
    weights = [max(each, 1) for each in bins.counts(coarse[1:-1], counted)]
    blocks, nulls, nan, means, sds = [], [], [], [], []
    for _ in range(BLOCKS):
        nulls.append(RANDOM.randrange(ROWS // 50))
        nan.append(RANDOM.randrange(20))
        uneven = [each * RANDOM.uniform(0.8, 1.2) for each in weights]
        blocks.append((0, *parts(ROWS - nulls[-1] - nan[-1], uneven), 0))
        means.append(rounded(RANDOM.gauss(center, sd / 20), sd))
        sds.append(rounded(sd * RANDOM.uniform(0.9, 1.1), sd))
    counts = tuple(map(sum, zip(*blocks, strict=True)))
    finest = parts(sum(counts), [max(each, 1) for each in bins.counts(finer[1:-1], counted)])
    return ColumnProfile(
        f"measure_{index}",
        "DOUBLE",
        Kind.NUMBER,
        nulls=sum(nulls),
        distinct=ROWS * BLOCKS,
        range=Range(low, high, RANDOM.gauss(center, sd / 100), sd),
        special=Special(sum(nan)),
        bins=Bins(coarse, counts),
        fine=Bins(finer, (0, *finest, 0)),
        sketch=Registers("duckdb-2", bytes(12 - round(math.log2(RANDOM.random() + 1e-4)) for _ in range(STORED))),
        blocks=ColumnBlocks(
            tuple(nulls), tuple(nan), mean=tuple(means), sd=tuple(sds), counts=tuple(blocks)
        ),
    )  # fmt: skip


def test_500_columns_in_30_blocks_are_less_than_a_megabyte():
    starts = tuple(f"2013-06-{day:02}" for day in range(1, BLOCKS + 1))
    time = Blocks("moment", Unit.DAY, starts, (ROWS,) * BLOCKS)
    one = Profile("measures", ROWS * BLOCKS, tuple(number(index) for index in range(COLUMNS)), time)
    text = profile.dumps(one)
    assert profile.from_json(json.loads(text)) == one
    few = Profile(one.object, one.rows, one.columns[:3], time)
    jsonschema.validate(profile.to_json(few), schema.shipped("profile-v1"))
    assert len(one.columns[0].bins.edges) >= 11 and len(one.columns[0].fine.edges) >= 22
    assert len(gzip.compress(text.encode(), 6)) < 1_000_000
