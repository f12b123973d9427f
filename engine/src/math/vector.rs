//! What vectors of every dimension have in common.

/// Operators and methods of the vector `$name` with the coordinates `$part`. Everything is total
/// for every number, and rounded once for each coordinate, halves away from zero, unless it says
/// otherwise; so a mirrored world plays mirrored.
macro_rules! vector {
    ($name:ident, $dimensions:literal, $tuple:ty, $($part:ident),+) => {
        impl $name {
            /// The origin.
            pub const ZERO: Self = Self { $($part: Fix::ZERO),+ };

            /// From coordinates.
            #[must_use]
            pub const fn new($($part: Fix),+) -> Self {
                Self { $($part),+ }
            }

            /// The scalar product: the exact sum of the products, rounded once, saturated.
            #[must_use]
            pub fn dot(self, other: Self) -> Fix {
                wide::rounded(self.wide_dot(other))
            }

            fn wide_dot(self, other: Self) -> i128 {
                // Saturates only where the rounded sum does too.
                0_i128 $(.saturating_add(wide::product(self.$part, other.$part)))+
            }

            fn to(self, other: Self) -> [i128; $dimensions] {
                [$(wide::difference(other.$part, self.$part)),+]
            }

            /// The square of the length, exact.
            #[must_use]
            pub fn length_squared(self) -> Squared {
                Self::ZERO.distance_squared(self)
            }

            /// Length, to the nearest step. Saturates only if the length itself is out of range.
            #[must_use]
            pub fn length(self) -> Fix {
                self.length_squared().root()
            }

            /// The square of the distance, exact below a distance of 2³² units and saturated there.
            #[must_use]
            pub fn distance_squared(self, other: Self) -> Squared {
                Squared::sum(&self.to(other))
            }

            /// Distance, to the nearest step. Saturates only if the distance itself is out of range.
            #[must_use]
            pub fn distance(self, other: Self) -> Fix {
                self.distance_squared(other).root()
            }

            /// Whether the distance to `other` is at most `radius`: exact for all numbers, and
            /// cheaper than the distance. Never, if the radius is negative.
            #[must_use]
            pub fn is_within(self, other: Self, radius: Fix) -> bool {
                radius >= Fix::ZERO && self.distance_squared(other) <= Squared::of(radius)
            }

            /// The unit vector of the same direction, each coordinate within one step of the exact
            /// value, however short or long the vector is. Zero stays zero.
            #[must_use]
            pub fn normalized(self) -> Self {
                self.with_length(Fix::ONE)
            }

            /// The vector of the same direction that is as long as `length`, each coordinate within
            /// one step of the exact value (four beyond a length of 2²⁸ units). A negative length
            /// turns it around; zero stays zero.
            #[must_use]
            pub fn with_length(self, length: Fix) -> Self {
                Self::ZERO.moved_along(Self::ZERO.to(self), length)
            }

            /// From here `length` in the direction of `parts`.
            fn moved_along(
                self,
                parts: [i128; $dimensions],
                length: Fix,
            ) -> Self {
                let Some(norm) = wide::Norm::of(&parts) else {
                    return self;
                };
                let [$($part),+] = parts.map(|part| norm.scaled(part, length));
                Self { $($part: wide::saturated(i128::from(self.$part.to_bits()) + $part)),+ }
            }

            /// This vector, if it is no longer than `length`; else the vector of the same direction
            /// that is as long as `length`, as [`with_length`](Self::with_length) rounds it.
            #[must_use]
            pub fn clamped_length(self, length: Fix) -> Self {
                let length = length.max(Fix::ZERO);
                if self.is_within(Self::ZERO, length) { self } else { self.with_length(length) }
            }

            /// This point moved in a straight line towards `target` by `step`, rounded as
            /// [`with_length`](Self::with_length) rounds, or to exactly `target` if that is no
            /// farther. A negative step is none.
            #[must_use]
            pub fn moved_towards(self, target: Self, step: Fix) -> Self {
                let step = step.max(Fix::ZERO);
                if self.is_within(target, step) {
                    return target;
                }
                self.moved_along(self.to(target), step)
            }

            /// The point `fraction` of the way from here to `other`: exactly here at 0 and exactly
            /// there at 1; beyond, on the same line.
            #[must_use]
            pub fn lerp(self, other: Self, fraction: Fix) -> Self {
                let [$($part),+] = self.to(other).map(|part| {
                    // 65 bits with the sign times 64 fit.
                    part * i128::from(fraction.to_bits())
                });
                Self {
                    $($part: wide::rounded(
                        $part.saturating_add(wide::product(self.$part, Fix::ONE)),
                    )),+
                }
            }

            /// The part of this vector that points along `other`, of which only the direction
            /// counts. Zero if `other` is.
            #[must_use]
            pub fn projected_on(self, other: Self) -> Self {
                let dot = self.wide_dot(other);
                let ratio = wide::Ratio::new(dot.unsigned_abs(), other.length_squared().to_bits());
                let sign = dot.signum();
                Self {
                    $($part: ratio.along(Fix::ZERO, sign * i128::from(other.$part.to_bits()))),+
                }
            }

            /// This vector thrown back by a wall with the given unit normal; within two steps for
            /// the normal as it is given.
            #[must_use]
            pub fn reflected(self, normal: Self) -> Self {
                self - normal * (self.dot(normal) * 2)
            }

            /// The lower of both, coordinate by coordinate.
            #[must_use]
            pub fn min(self, other: Self) -> Self {
                Self { $($part: self.$part.min(other.$part)),+ }
            }

            /// The higher of both, coordinate by coordinate.
            #[must_use]
            pub fn max(self, other: Self) -> Self {
                Self { $($part: self.$part.max(other.$part)),+ }
            }

            /// Distances from zero, coordinate by coordinate.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self { $($part: self.$part.abs()),+ }
            }
        }

        impl From<$tuple> for $name {
            fn from(($($part),+): $tuple) -> Self {
                Self { $($part),+ }
            }
        }

        impl From<$name> for $tuple {
            fn from(vector: $name) -> Self {
                ($(vector.$part),+)
            }
        }

        impl Add for $name {
            type Output = Self;
            #[inline]
            fn add(self, other: Self) -> Self {
                Self { $($part: self.$part + other.$part),+ }
            }
        }

        impl Sub for $name {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                Self { $($part: self.$part - other.$part),+ }
            }
        }

        impl Neg for $name {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                Self { $($part: -self.$part),+ }
            }
        }

        impl Mul<Fix> for $name {
            type Output = Self;
            #[inline]
            fn mul(self, factor: Fix) -> Self {
                Self { $($part: self.$part * factor),+ }
            }
        }

        /// By zero: every coordinate as [`Fix`] divides it.
        impl Div<Fix> for $name {
            type Output = Self;
            #[inline]
            fn div(self, divisor: Fix) -> Self {
                Self { $($part: self.$part / divisor),+ }
            }
        }

        impl AddAssign for $name {
            #[inline]
            fn add_assign(&mut self, other: Self) { *self = *self + other; }
        }
        impl SubAssign for $name {
            #[inline]
            fn sub_assign(&mut self, other: Self) { *self = *self - other; }
        }
        impl MulAssign<Fix> for $name {
            #[inline]
            fn mul_assign(&mut self, factor: Fix) { *self = *self * factor; }
        }
        impl DivAssign<Fix> for $name {
            #[inline]
            fn div_assign(&mut self, divisor: Fix) { *self = *self / divisor; }
        }
    };
}

pub(super) use vector;
