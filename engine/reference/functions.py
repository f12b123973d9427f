"""What the functions of `phalanx_engine::math` are, by GNU MPFR.

Everything here is exact. An argument is a whole number of steps, so MPFR holds it without rounding. A result is
`truncated` towards zero to a grid of `EXTRA_BITS` bits below the step, and its last bit set if anything was cut off
("round to odd"): whoever compares it with a point of a coarser grid, such as the tie between two steps, gets the
answer that the infinite expansion would give.
"""

from dataclasses import dataclass

import gmpy2
from gmpy2 import mpfr

EXTRA_BITS = 16

# Wider than any argument and any result on its grid, so that a result truncated by MPFR to this width, and then to
# the grid, is the true one truncated to the grid.
PRECISION = 192
CONTEXT = gmpy2.get_context()
CONTEXT.precision = PRECISION
CONTEXT.round = gmpy2.RoundToZero
PI = gmpy2.const_pi()


@dataclass(frozen=True)
class Scalar:
    name: str
    bits: int
    fraction: int

    @property
    def one(self):
        return 1 << self.fraction

    @property
    def max(self):
        return (1 << (self.bits - 1)) - 1

    @property
    def min(self):
        return -(1 << (self.bits - 1))


FIX = Scalar("fix", 64, 32)
FIX32 = Scalar("fix32", 32, 16)
ANGLE = Scalar("angle", 32, 32)  # an angle's argument; its sine is a Fix

# Results beyond twice the range on either side; and a pole, whose side is a convention.
ABOVE, BELOW, POLE = "max", "min", "end"


def to_odd(magnitude, cut_off):
    """The magnitude on the grid, its last bit set if something was cut off."""
    return magnitude | 1 if cut_off else magnitude


def on_grid(value, inexact, fraction):
    """`value`, known to be truncated if `inexact`, in units of the grid."""
    scaled = gmpy2.mul_2exp(abs(value), fraction + EXTRA_BITS)
    magnitude = int(scaled)
    result = to_odd(magnitude, inexact or scaled != magnitude)
    return -result if value < 0 else result


def single(operation, scalar, *arguments):
    """One MPFR operation on exact arguments: correctly rounded, as MPFR promises."""
    numbers = [gmpy2.div_2exp(mpfr(argument), scalar.fraction) for argument in arguments]
    CONTEXT.clear_flags()
    value = operation(*numbers)
    inexact = CONTEXT.inexact
    if abs(value) >= 1 << (scalar.bits - scalar.fraction):
        # More than twice the range: no error of a few steps could bring it back.
        return ABOVE if value > 0 else BELOW
    return on_grid(value, inexact, scalar.fraction)


def irrational(value, fraction):
    """The result of several operations that is known not to be a point of the grid.

    All together they erred by less than 2^-70 of a point. That can only matter right beside a point of the grid, and
    there the proof ends: fail instead.
    """
    scaled = gmpy2.mul_2exp(abs(value), fraction + EXTRA_BITS)
    rest = scaled - int(scaled)
    assert 2**-60 < rest < 1 - mpfr(2) ** -60, f"{value} lies on the grid"
    return on_grid(value, True, fraction)


def sqrt(scalar, x):
    return 0 if x <= 0 else single(gmpy2.sqrt, scalar, x)


def rsqrt(scalar, x):
    return ABOVE if x <= 0 else single(gmpy2.rec_sqrt, scalar, x)


def log2(scalar, x):
    return BELOW if x <= 0 else single(gmpy2.log2, scalar, x)


def clamped(scalar, x):
    return max(-scalar.one, min(scalar.one, x))


def asin(scalar, x):
    return single(gmpy2.asin, scalar, clamped(scalar, x))


def acos(scalar, x):
    return single(gmpy2.acos, scalar, clamped(scalar, x))


def plain(operation):
    return lambda scalar, *arguments: single(operation, scalar, *arguments)


def atan2(scalar, y, x):
    return 0 if y == 0 and x >= 0 else single(gmpy2.atan2, scalar, y, x)


def power(scalar, x, y):
    assert x >= 0, "a power of a negative number is not defined here"
    if y == 0:
        return scalar.one << EXTRA_BITS
    if x == 0:
        return 0 if y > 0 else ABOVE
    return single(lambda x, y: x**y, scalar, x, y)


def whole_turn(units):
    """The angle of so many units of 2^-32 turn, in radians from -pi to pi."""
    signed = units - (1 << 32) if units >= 1 << 31 else units
    return gmpy2.div_2exp(PI * signed, 31)


# By Niven's theorem the only rational sines of rational angles are 0, ±1/2 and ±1, and tangents 0 and ±1. A binary
# fraction of a turn meets those at eighths of a turn only (a twelfth is none).


def angle_sin(_, units):
    quarter, rest = divmod(units, 1 << 30)
    if rest == 0:
        return [0, 1, 0, -1][quarter] << FIX.fraction + EXTRA_BITS
    return irrational(gmpy2.sin(whole_turn(units)), FIX.fraction)


def angle_cos(_, units):
    return angle_sin(_, (units + (1 << 30)) % (1 << 32))


def angle_tan(_, units):
    eighth, rest = divmod(units, 1 << 29)
    if rest == 0:
        exact = [0, 1, POLE, -1][eighth % 4]
        return exact if exact == POLE else exact << FIX.fraction + EXTRA_BITS
    return irrational(gmpy2.tan(whole_turn(units)), FIX.fraction)


# By the signs of x and y.
EIGHTHS = {(0, 0): 0, (1, 0): 0, (1, 1): 1, (0, 1): 2, (-1, 1): 3, (-1, 0): 4, (-1, -1): -3, (0, -1): -2, (1, -1): -1}


def angle_atan2(_, y, x):
    """In units of 2^-32 turn, from -2^31 to 2^31."""
    if y == 0 or x == 0 or abs(x) == abs(y):
        sign = (x > 0) - (x < 0), (y > 0) - (y < 0)
        return EIGHTHS[sign] << 29 + EXTRA_BITS
    return irrational(gmpy2.atan2(mpfr(y), mpfr(x)) / (2 * PI), 32)


@dataclass(frozen=True)
class Function:
    name: str
    scalar: Scalar
    arity: int
    exact: object

    @property
    def file(self):
        return f"{self.scalar.name}_{self.name}"

    def at(self, arguments):
        return self.exact(self.scalar, *arguments)


UNARY = {
    "sqrt": sqrt,
    "rsqrt": rsqrt,
    "sin": plain(gmpy2.sin),
    "cos": plain(gmpy2.cos),
    "tan": plain(gmpy2.tan),
    "asin": asin,
    "acos": acos,
    "exp2": plain(gmpy2.exp2),
    "log2": log2,
}
BINARY = {"hypot": plain(gmpy2.hypot), "atan2": atan2, "pow": power}
OF_ANGLE = {"sin": angle_sin, "cos": angle_cos, "tan": angle_tan}

FUNCTIONS = [
    *(Function(name, scalar, 1, exact) for scalar in (FIX, FIX32) for name, exact in UNARY.items()),
    *(Function(name, scalar, 2, exact) for scalar in (FIX, FIX32) for name, exact in BINARY.items()),
    *(Function(name, ANGLE, 1, exact) for name, exact in OF_ANGLE.items()),
    Function("atan2", ANGLE, 2, angle_atan2),
]
