//! [`Grouped`] and [`Counted`], numbers as people read them.

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

/// So many of something: `1 reset`, `1,200 resets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted<'a>(pub(crate) u64, pub(crate) &'a str);

impl fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, one) = *self;
        let end = if number == 1 { "" } else { "s" };
        write!(f, "{} {one}{end}", Grouped(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 2, 1000].map(|number| Counted(number, "reset").to_string());
        assert_eq!(told, ["0 resets", "1 reset", "2 resets", "1,000 resets"]);
    }

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
