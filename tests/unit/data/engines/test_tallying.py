"""Values with their counts, of a column that has few, or none at all."""

from __future__ import annotations

from collections import Counter

from mlops_actions.data.engines import tallying


def test_counts_that_the_candidates_do_not_explain_are_not_given():
    hashes = {"a": 1, "b": 2}
    buckets = [Counter({(hashed >> 20 * index) % 512: 0 for hashed in hashes.values()}) for index in range(3)]
    for value, count in (("a", 3), ("b", 5)):
        for index in range(3):
            buckets[index][(hashes[value] >> 20 * index) % 512] += count
    assert tallying.counted(hashes, buckets) == {"a": 3, "b": 5}
    buckets[0][77] = 1
    assert tallying.counted(hashes, buckets) is None, "a row in a bucket of no candidate"
    assert tallying.counted({"a": 9, "b": 9}, buckets) is None, "two values of one hash cannot be told apart"
