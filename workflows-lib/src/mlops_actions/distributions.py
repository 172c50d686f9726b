"""Chances under distributions that the standard library has not: chi-square, and Student's t. Numbers in, numbers out.

Degrees of freedom need not be whole: an approximation of Satterthwaite's has
fractions of them.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_MANY = 1e7
"""Degrees of freedom beyond which Student's t is as good as normal: chances of 1e-7 are off by 1 in 50,000."""


def chi_square_survival(statistic: float, degrees: float) -> float:
    """P(X >= statistic) for X of a chi-square distribution with ``degrees`` degrees of freedom.

    The regularized upper incomplete gamma function Q(degrees / 2, statistic / 2):
    its series below a + 1, its continued fraction (Lentz's method) from there on
    (Abramowitz, Stegun, "Handbook of Mathematical Functions", 6.5.29, 6.5.31).
    """
    a, x = degrees / 2, statistic / 2
    if x <= 0:
        return 1.0
    factor = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        divisor = a
        while term > total * 1e-17:
            divisor += 1
            term *= x / divisor
            total += term
        return max(0.0, 1.0 - total * factor)
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for i in range(1, 10_000):
        numerator = -i * (i - a)
        b += 2
        d = 1 / (numerator * d + b or tiny)
        c = b + numerator / c or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return min(1.0, factor * fraction)


def student_survival(statistic: float, degrees: float) -> float:
    """P(|T| >= |statistic|) for T of Student's t distribution with ``degrees`` degrees of freedom, at most infinite.

    The regularized incomplete beta function I(x; degrees / 2, 1 / 2) at x = degrees / (degrees + statistic^2)
    (Abramowitz, Stegun, "Handbook of Mathematical Functions", 26.7.1).
    """
    if degrees > _MANY:
        return math.erfc(abs(statistic) / math.sqrt(2))
    odds = statistic * statistic / degrees
    return 0.0 if odds == math.inf else _incomplete_beta(1 / (1 + odds), odds / (1 + odds), degrees / 2, 1 / 2)


def student_quantile(confidence: float, degrees: float) -> float:
    """The t that |T| stays below with the probability ``confidence``, between 0 and 1 (both excluded).

    T is of Student's t distribution with ``degrees`` degrees of freedom, at
    most infinite. t is found by bisection: upwards from the normal quantile,
    than which it is never less.
    """
    low = NormalDist().inv_cdf((1 + confidence) / 2)
    if degrees > _MANY:
        return low
    high = 2 * low
    while student_survival(high, degrees) > 1 - confidence:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if student_survival(middle, degrees) > 1 - confidence else (low, middle)
    return middle


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularized incomplete beta function of ``x``, by its continued fraction (Abramowitz, Stegun, 26.5.8).

    ``rest`` is 1 - x: where one of them is next to nothing, the other does not tell it.
    """
    if not x or not rest:
        return float(not rest)
    if x > (a + 1) / (a + b + 2):  # where the fraction of the other tail converges
        return 1.0 - _incomplete_beta(x=rest, rest=x, a=b, b=a)
    log = a * math.log(x) + b * math.log(rest) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    fraction = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 / (1 + numerator * d or tiny)
            c = 1 + numerator / c or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return min(1.0, max(0.0, math.exp(log) * fraction / a))
