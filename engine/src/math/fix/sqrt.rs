//! The square root.

use super::{Fix, Fix32};

macro_rules! sqrt {
    ($name:ident, wide $wide:ty) => {
        impl $name {
            /// The square root, rounded down to a step; 0 for negative numbers.
            #[must_use]
            pub const fn sqrt(self) -> Self {
                let bits = self.to_bits();
                if bits <= 0 {
                    return Self::ZERO;
                }
                Self::saturated(((bits as $wide) << Self::FRACTION_BITS).isqrt())
            }
        }
    };
}

sqrt!(Fix, wide i128);
sqrt!(Fix32, wide i64);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::any_fix;
    use super::*;

    #[test]
    fn negative_numbers_have_none() {
        assert_eq!(Fix::int(-4).sqrt(), Fix::ZERO);
        assert_eq!(Fix32::int(9).sqrt(), Fix32::int(3));
    }

    proptest! {
        #[test]
        fn sqrt_is_the_floor(x in any_fix()) {
            prop_assume!(x > Fix::ZERO);
            let root = i128::from(x.sqrt().to_bits());
            let square = i128::from(x.to_bits()) << 32;
            prop_assert!(root * root <= square && (root + 1) * (root + 1) > square);
        }
    }
}
