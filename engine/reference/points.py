"""Where the functions are looked at: the edges, the hard cases, and points drawn at random."""

import heapq
import itertools
import random

from gmpy2 import const_pi, isqrt, log2, mpfr, mul_2exp

from functions import ANGLE, EXTRA_BITS, FIX, Function


class Draw:
    """Random whole numbers. Only `getrandbits`, whose values Python promises to keep."""

    def __init__(self, seed, function):
        self.random = random.Random(f"{seed} {function.file}")
        self.scalar = FIX if function.file == "angle_atan2" else function.scalar

    def below(self, end):
        return self.random.getrandbits(96) % end

    def within(self, low, high):
        return low + self.below(high - low + 1)

    def fraction(self, low, high):
        """A number between two whole numbers, in steps."""
        one = self.scalar.one
        return self.within(max(low * one, self.scalar.min), min(high * one, self.scalar.max))

    def bits(self):
        return self.within(self.scalar.min, self.scalar.max)

    def small(self, width):
        """Positive, of every magnitude up to `width` bits alike."""
        return self.random.getrandbits(width) >> self.below(width)

    def magnitude(self):
        """Of every magnitude and both signs alike."""
        number = self.small(self.scalar.bits - 1)
        return -number if self.random.getrandbits(1) else number

    def positive(self):
        return max(1, self.small(self.scalar.bits - 1))

    def beside(self, centre):
        """At every distance alike of a number; on both sides."""
        distance = self.small(self.scalar.fraction)
        number = centre - distance if self.random.getrandbits(1) else centre + distance
        return max(self.scalar.min, min(self.scalar.max, number))


def trigonometric(draw):
    return [draw.bits, draw.magnitude, lambda: draw.fraction(-8, 8), lambda: draw.fraction(-8, 8)]


def root(draw):
    return [lambda: draw.within(1, draw.scalar.max), draw.positive, lambda: draw.fraction(0, 16)]


def inverse(draw):
    one = draw.scalar.one
    return [
        lambda: draw.fraction(-1, 1),
        lambda: draw.beside(0),
        lambda: one - draw.small(draw.scalar.fraction),
        lambda: draw.small(draw.scalar.fraction) - one,
    ]


def exponent(draw):
    """From where the power rounds to 0 to where it saturates."""
    scalar = draw.scalar
    return [lambda: draw.fraction(-scalar.fraction - 2, scalar.bits - scalar.fraction), lambda: draw.beside(0)]


def logarithm(draw):
    return [*root(draw), lambda: max(1, draw.beside(draw.scalar.one))]


UNARY_DRAWS = {
    "sqrt": root,
    "rsqrt": root,
    "sin": trigonometric,
    "cos": trigonometric,
    "tan": trigonometric,
    "asin": inverse,
    "acos": inverse,
    "exp2": exponent,
    "log2": logarithm,
}


def angle(draw):
    turn = 1 << 32
    return [lambda: draw.below(turn), lambda: (draw.below(8) * (turn // 8) + draw.beside(0)) % turn]


def pair(draw):
    """Two independent numbers, and two of about one size."""

    def alike():
        width = 1 + draw.below(draw.scalar.bits - 1)
        return tuple(draw.within(-(1 << width) + 1, (1 << width) - 1) for _ in range(2))

    def close():
        number = draw.magnitude()
        return number, draw.beside(-number if draw.random.getrandbits(1) else number)

    return [lambda: (draw.magnitude(), draw.magnitude()), alike, alike, lambda: (draw.bits(), draw.bits()), close]


def base_and_exponent(draw):
    """Mostly with a result in range."""
    scalar = draw.scalar

    def for_some_result(base):
        result_log2 = draw.fraction(-scalar.fraction - 2, scalar.bits - scalar.fraction)
        base_log2 = log2(mpfr(base)) - scalar.fraction
        exponent = int(mpfr(result_log2) / base_log2) if base_log2 else result_log2
        return base, max(scalar.min, min(scalar.max, exponent))

    return [
        lambda: for_some_result(draw.positive()),
        lambda: for_some_result(draw.positive()),
        lambda: for_some_result(max(1, draw.beside(scalar.one))),
        lambda: (draw.positive(), draw.within(-4, 4) * scalar.one),
        lambda: (draw.positive(), draw.fraction(-4, 4)),
        lambda: (max(1, draw.fraction(0, 4)), draw.fraction(-8, 8)),
    ]


def drawers(function: Function, seed):
    """What draws arguments for the function; one after the other, round and round."""
    draw = Draw(seed, function)
    if function.name == "pow":
        return base_and_exponent(draw)
    if function.arity == 2:
        return pair(draw)
    kinds = angle(draw) if function.scalar is ANGLE else UNARY_DRAWS[function.name](draw)
    return [lambda kind=kind: (kind(),) for kind in kinds]


def drawn(function, seed, count):
    kinds = drawers(function, seed)
    for index in range(count):
        yield kinds[index % len(kinds)]()


def hard(function, seed, searched, kept):
    """Of many drawn points those whose result is nearest to a point of the scalar or a tie between two."""
    half_step = 1 << (EXTRA_BITS - 1)

    def distance(point):
        exact = function.at(point)
        if isinstance(exact, str) or exact % half_step == 0:
            return half_step
        return min(exact % half_step, -exact % half_step)

    candidates = ((distance(point), point) for point in drawn(function, f"{seed} hard", searched))
    return [point for _, point in heapq.nsmallest(kept, candidates)]


def around(centres, scalar, reach=1):
    numbers = {centre + offset for centre in centres for offset in range(-reach, reach + 1)}
    return {number for number in numbers if scalar.min <= number <= scalar.max}


def powers_of_two(scalar):
    return [sign << bit for bit in range(scalar.bits) for sign in (1, -1)]


def multiples_of_eighth_turn(scalar):
    """Whole steps nearest to multiples of pi/4: the first, the last, some between, and the nearest of all."""
    eighth = mul_2exp(const_pi(), scalar.fraction - 2)
    last = int(scalar.max / eighth)
    chosen = [*range(41), *(1 << bit for bit in range(last.bit_length())), *range(last - 16, last + 1)]
    nearest = [int(multiple * eighth) for multiple in chosen]
    # The convergents of the continued fraction of pi/4 in steps come nearer than anything smaller.
    before, convergent, rest = (1, 0), (int(eighth), 1), eighth - int(eighth)
    while convergent[0] <= scalar.max:
        nearest += [convergent[0] * times for times in range(1, 9)]
        rest = 1 / rest
        term, rest = int(rest), rest - int(rest)
        before, convergent = convergent, tuple(term * new + old for new, old in zip(convergent, before, strict=True))
    return [number * sign for number in nearest for sign in (1, -1)]


def roots_beside_ties(scalar):
    """sqrt(k^2 ± k 2^-f) = k ± 2^-(f+1) - tiny: as near to a tie as a root comes; and the exact ones."""
    last = int(isqrt(scalar.max >> scalar.fraction))
    roots = [*range(1, min(last, 24)), *(1 << bit for bit in range(last.bit_length())), last - 1, last]
    squares = [root * root << scalar.fraction for root in roots]
    return [square + root * sign for square, root in zip(squares, roots, strict=True) for sign in (-1, 0, 1)]


def rsqrts_beside_ties(scalar):
    """Arguments whose inverse root is next to r + 1/2 steps."""
    ties = [(2 << bit) + 1 for bit in range(0, scalar.bits // 2 + 8)]
    return [(4 << 3 * scalar.fraction) // (tie * tie) for tie in ties]


def unary_edges(function):
    scalar, one = function.scalar, function.scalar.one
    if scalar is ANGLE:
        eighths = [index << 29 for index in range(8)]
        near = [eighth + power for eighth in eighths for power in [0, *powers_of_two(scalar)]]
        return {((number + offset) % (1 << 32),) for number in near for offset in (-1, 0, 1)}
    centres = [0, scalar.max, scalar.min, one, -one, *powers_of_two(scalar)]
    centres += [one + power for power in powers_of_two(scalar)[: 2 * scalar.fraction]]
    if function.name in ("sin", "cos", "tan"):
        centres += multiples_of_eighth_turn(scalar)
    if function.name == "sqrt":
        centres += roots_beside_ties(scalar)
    if function.name == "rsqrt":
        centres += rsqrts_beside_ties(scalar)
    if function.name == "exp2":
        halves = range(-2 * scalar.fraction - 6, 2 * (scalar.bits - scalar.fraction))
        centres += [half * one // 2 for half in halves]
    return {(number,) for number in around(centres, scalar)}


def powers_by_hand(scalar):
    one, half = scalar.one, scalar.one // 2
    exponents = [0, 1, -1, half, -half, one, -one, 2 * one, -2 * one, 3 * one, one + 1, 1 - one, scalar.max, scalar.min]
    bases = [0, 1, 2, half, half + 1, one - 1, one, one + 1, 2 * one, 3 * one, 4 * one, 10 * one, scalar.max]
    cubes = [(side * one, 3 * one) for side in range(1, 32)]
    return [*itertools.product(bases, exponents), *cubes]


def hypotenuses_by_hand(scalar):
    # hypot(b^2, b) = b^2 + 1/2 - tiny, and hypot(b^2 - 1, b) = b^2 - 1/2 + tiny, in steps.
    sides = [(1 << bit) + offset for bit in range(2, (scalar.bits - 1) // 2) for offset in (-1, 0, 1)]
    ties = [(side * side + offset, sign * side) for side in sides for offset in (0, -1) for sign in (1, -1)]
    triples = [(3, 4), (5, 12), (8, 15), (20, 21), (-3, 4), (119, -120)]
    exact = [(a << bit, b << bit) for a, b in triples for bit in range(0, scalar.bits - 9, 4)]
    return ties + exact


def binary_edges(function, scalar):
    if function.name == "pow":
        return set(powers_by_hand(scalar))
    centres = [0, 1, scalar.one, scalar.max]
    numbers = sorted({n * sign for n in around(centres, scalar) for sign in (1, -1)} | {scalar.min})
    pairs = list(itertools.product(numbers, numbers))
    if function.name == "hypot":
        pairs += hypotenuses_by_hand(scalar)
    return {pair for pair in pairs if all(scalar.min <= number <= scalar.max for number in pair)}


def chosen(function, seed, count, searched):
    """About `count` points: the edges, a tenth that is hard, and the rest drawn, at least a third."""
    scalar = FIX if function.file == "angle_atan2" else function.scalar
    points = unary_edges(function) if function.arity == 1 else binary_edges(function, scalar)
    points |= set(hard(function, seed, searched, count // 10))
    fresh = (point for point in drawn(function, seed, 8 * count) if point not in points)
    points |= set(itertools.islice(fresh, max(count // 3, count - len(points))))
    return sorted(points)
