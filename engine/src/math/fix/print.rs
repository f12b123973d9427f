//! Scalars to decimal text, exactly. No float is involved.

use core::fmt;

use super::{Fix, Fix32};

macro_rules! print {
    ($name:ident) => {
        /// Exact, in as many places as the number has; or with a precision, rounded to that many
        /// (at most as many as there are bits behind the point, which are all there can be), halves
        /// away from zero.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                display_fixed(f, self.to_bits().into(), Self::FRACTION_BITS)
            }
        }

        /// As `Display`.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

print!(Fix);
print!(Fix32);

/// Writes `bits / 2^fraction_bits` exactly, in as many decimal places as it has, or rounded to the
/// formatter's precision (halves away from zero). At most 64 bits, and as many behind the point.
pub(crate) fn display_fixed(
    f: &mut fmt::Formatter<'_>,
    bits: i128,
    fraction_bits: u32,
) -> fmt::Result {
    use core::fmt::Write;

    let one = 1_u128 << fraction_bits;
    let magnitude = bits.unsigned_abs();
    let places = f.precision().map(|places| {
        // A number with n bits behind the point has at most n decimal places.
        u32::try_from(places).map_or(fraction_bits, |places| places.min(fraction_bits))
    });
    let mut text = Text::default();
    write!(text, "{}", magnitude >> fraction_bits)?;
    let mut rest = magnitude & (one - 1);
    if places.map_or(rest != 0, |places| places > 0) {
        text.write_char('.')?;
    }
    for _ in 0..places.unwrap_or(fraction_bits) {
        if places.is_none() && rest == 0 {
            break;
        }
        rest *= 10;
        write!(text, "{}", rest >> fraction_bits)?;
        rest &= one - 1;
    }
    if rest * 2 >= one {
        text.raise();
    }
    f.pad_integral(bits >= 0, "", text.as_str())
}

/// Longest: a digit kept free, twenty digits, a point, and 64 places.
const BYTES: u32 = 86;

/// A decimal number on the stack.
struct Text {
    /// Begins with a zero, which is no part of the text unless [`Text::raise`] carries into it.
    bytes: [u8; crate::index::at(BYTES)],
    len: u32,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: [b'0'; crate::index::at(BYTES)],
            len: 1,
        }
    }
}

impl Text {
    fn as_str(&self) -> &str {
        let bytes = &self.bytes[..crate::index::at(self.len)];
        let bytes = match bytes {
            [b'0', number @ ..] => number,
            carried => carried,
        };
        // Only whole strings are appended.
        core::str::from_utf8(bytes).unwrap_or("?")
    }

    /// Adds one to the last digit.
    fn raise(&mut self) {
        for byte in self.bytes[..crate::index::at(self.len)].iter_mut().rev() {
            match *byte {
                b'.' => {}
                b'9' => *byte = b'0',
                _ => {
                    *byte += 1;
                    return;
                }
            }
        }
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + u32::try_from(text.len()).map_err(|_| fmt::Error)?;
        let room = self
            .bytes
            .get_mut(crate::index::at(self.len)..crate::index::at(end));
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::super::samples::any_fix32;
    use super::*;

    #[test]
    fn numbers_print_exactly() {
        assert_eq!(Fix::ratio(-7, 4).to_string(), "-1.75");
        assert_eq!(Fix::ZERO.to_string(), "0");
        assert_eq!(Fix::STEP.to_string(), "0.00000000023283064365386962890625");
        assert_eq!(
            Fix::MAX.to_string(),
            "2147483647.99999999976716935634613037109375"
        );
        assert_eq!(format!("{:?}", Fix32::MIN), "-32768");
    }

    #[test]
    fn a_precision_rounds() {
        assert_eq!(format!("{:.3}", Fix::ratio(2, 3)), "0.667");
        assert_eq!(format!("{:.0}", Fix::ratio(5, 2)), "3");
        assert_eq!(format!("{:>8.1}|", Fix::int(-3)), "    -3.0|");
        assert_eq!(format!("{:+.1}", Fix::ratio(-319, 32)), "-10.0");
        assert_eq!(format!("{:.2}", Fix::MAX), "2147483648.00");
        assert_eq!(format!("{:06.1}", Fix::HALF), "0000.5");
        // More places than the number has are zeros, none that rounding made up.
        assert_eq!(format!("{:.12}", Fix::ZERO), "0.000000000000");
        assert_eq!(format!("{:.99}", Fix32::HALF), "0.5000000000000000");
    }

    #[test]
    fn other_formats_print_as_well() {
        struct Wide(i64, u32);
        impl fmt::Display for Wide {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                display_fixed(f, self.0.into(), self.1)
            }
        }
        assert_eq!(Wide(i64::MIN, 63).to_string(), "-1");
        assert_eq!(Wide(i64::MIN, 0).to_string(), i64::MIN.to_string());
        assert_eq!(Wide(1, 64).to_string().len(), 66);
    }

    proptest! {
        #[test]
        fn a_precision_is_its_model(number in any_fix32(), places in 0..12_u32) {
            let scaled = i128::from(number.to_bits()).unsigned_abs() * 10_u128.pow(places);
            let digits = (scaled + (1 << 15)) >> 16;
            let (whole, rest) = (digits / 10_u128.pow(places), digits % 10_u128.pow(places));
            let width = crate::index::at(places);
            let point = if places == 0 { "".into() } else { format!(".{rest:0width$}") };
            let sign = if number.is_negative() { "-" } else { "" };
            prop_assert_eq!(format!("{number:.width$}"), format!("{sign}{whole}{point}"));
        }
    }
}
