//! [`Grouped`], a number as people read it.

use core::fmt;

/// A number in groups of three digits, as in `6,144`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grouped(pub(crate) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        if number >= 1000 {
            write!(f, "{},{:03}", Self(number / 1000), number % 1000)
        } else {
            write!(f, "{number}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_in_threes() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (6144, "6,144"),
            (1_000_001, "1,000,001"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
    }
}
