//! Decimal text to scalars, at run time and, for literals, at compile time: one parser, no float.

use core::str::FromStr;

use thiserror::Error;

use super::{Fix, Fix32};

/// Why a text is no [`Fix`] or [`Fix32`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseFixError {
    /// It is not written as a decimal number.
    #[error(
        "not a decimal number: digits with an optional sign, point and exponent, such as -1_000.25 or 1e-3"
    )]
    NotANumber,
    /// It is a number, but beyond an end of the range.
    #[error("out of range of the fixed-point number")]
    OutOfRange,
}

/// A [`Fix`] as a literal, checked when it is compiled: `fix!(-1.5)`, `fix!(1_000)`, `fix!(1e-3)`.
///
/// The nearest number, halves away from zero, by integers alone: no float comes into it. It works
/// wherever a constant does.
///
/// ```
/// use phalanx_engine::{Fix, fix};
/// const FRICTION: Fix = fix!(0.95);
/// assert_eq!(fix!(-1.5), Fix::ratio(-3, 2));
/// assert_eq!(fix!(1_000), Fix::int(1000));
/// assert_eq!(fix!(25e-2), Fix::ratio(1, 4));
/// assert_eq!(FRICTION, Fix::ratio(95, 100));
/// assert_eq!(Ok(FRICTION), "0.95".parse());
/// ```
///
/// What is out of range, or no decimal number, does not compile:
///
/// ```compile_fail,E0080
/// phalanx_engine::fix!(2147483648); // out of range
/// ```
/// ```compile_fail,E0080
/// phalanx_engine::fix!(0x10); // not a decimal number
/// ```
/// ```compile_fail,E0080
/// phalanx_engine::fix!(1.5f32); // not a decimal number
/// ```
/// ```compile_fail
/// phalanx_engine::fix!(1 / 2); // not one literal
/// ```
#[macro_export]
macro_rules! fix {
    (-$number:literal) => {
        $crate::fix!(@ ::core::concat!("-", ::core::stringify!($number)))
    };
    ($number:literal) => {
        $crate::fix!(@ ::core::stringify!($number))
    };
    (@ $text:expr) => {{
        const NUMBER: $crate::Fix = match $crate::Fix::parse($text) {
            Ok(number) => number,
            Err($crate::math::ParseFixError::NotANumber) => ::core::panic!(
                "fix! takes a decimal number such as -1_000.25 or 1e-3, without prefix or suffix"
            ),
            Err($crate::math::ParseFixError::OutOfRange) => ::core::panic!(
                "out of range: a Fix is at least -2147483648 and at most one step (2^-32) below 2147483648"
            ),
        };
        NUMBER
    }};
    ($($other:tt)*) => {
        ::core::compile_error!("fix! takes one decimal literal such as -1_000.25 or 1e-3; for a fraction there is Fix::ratio")
    };
}

/// A [`Fix32`] as a literal, checked when it is compiled; see [`fix!`](crate::fix!).
///
/// ```
/// use phalanx_engine::{Fix32, fix32};
/// assert_eq!(fix32!(2.75), Fix32::ratio(11, 4));
/// assert_eq!(fix32!(-32768), Fix32::MIN);
/// ```
/// ```compile_fail,E0080
/// phalanx_engine::fix32!(32768); // out of range
/// ```
#[macro_export]
macro_rules! fix32 {
    (-$number:literal) => {
        $crate::fix32!(@ ::core::concat!("-", ::core::stringify!($number)))
    };
    ($number:literal) => {
        $crate::fix32!(@ ::core::stringify!($number))
    };
    (@ $text:expr) => {{
        const NUMBER: $crate::Fix32 = match $crate::Fix32::parse($text) {
            Ok(number) => number,
            Err($crate::math::ParseFixError::NotANumber) => ::core::panic!(
                "fix32! takes a decimal number such as -1_000.25 or 1e-3, without prefix or suffix"
            ),
            Err($crate::math::ParseFixError::OutOfRange) => ::core::panic!(
                "out of range: a Fix32 is at least -32768 and at most one step (2^-16) below 32768"
            ),
        };
        NUMBER
    }};
    ($($other:tt)*) => {
        ::core::compile_error!("fix32! takes one decimal literal such as -1_000.25 or 1e-3; for a fraction there is Fix32::ratio")
    };
}

macro_rules! parse {
    ($name:ident, bits $bits:ty) => {
        impl $name {
            /// The nearest number to a decimal text, halves away from zero.
            ///
            /// `[+|-] digits [. digits] [e|E [+|-] digits]`, with digits before the point or behind
            /// it, and underscores behind digits as in Rust. No spaces. Any length is rounded
            /// exactly, in time linear to it. Every number reads back from how it prints.
            ///
            /// # Errors
            /// If the text is not of this form, or the nearest number would be out of range.
            pub const fn parse(text: &str) -> Result<Self, ParseFixError> {
                let decimal = match Decimal::scan(text.as_bytes()) {
                    Ok(decimal) => decimal,
                    Err(error) => return Err(error),
                };
                let magnitude = match decimal.magnitude(Self::FRACTION_BITS) {
                    Ok(magnitude) => magnitude,
                    Err(error) => return Err(error),
                };
                // The lower end is one step further than the upper.
                if magnitude > <$bits>::MAX as u128 + decimal.negative as u128 {
                    return Err(ParseFixError::OutOfRange);
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "in range; MIN wraps rightly"
                )]
                let bits = magnitude as $bits;
                Ok(Self::from_bits(if decimal.negative {
                    bits.wrapping_neg()
                } else {
                    bits
                }))
            }
        }

        impl FromStr for $name {
            type Err = ParseFixError;
            /// See [`parse`](Self::parse).
            fn from_str(text: &str) -> Result<Self, ParseFixError> {
                Self::parse(text)
            }
        }
    };
}

parse!(Fix, bits i64);
parse!(Fix32, bits i32);

/// A decimal number taken apart, its form checked.
struct Decimal<'a> {
    negative: bool,
    /// Begins with the digits, underscores among them, and at most one point.
    mantissa: &'a [u8],
    /// How many digits of the mantissa stand before the point, moved by the exponent. Saturated:
    /// then either all digits are zero or the text is longer than any memory.
    whole_digits: i64,
}

/// Decimal places that are looked at. A multiple of 2^-33 has at most 33, so no digit further back
/// can move a number across one; and the halfway points between steps are such multiples. Since
/// halves round away, *whether* the number reaches a halfway point is all that matters.
const PLACES: i64 = 33;

/// The last place that is looked at; the place before the point is 0.
const LAST_PLACE: i64 = -PLACES;

impl<'a> Decimal<'a> {
    const fn scan(text: &'a [u8]) -> Result<Self, ParseFixError> {
        let (negative, mantissa) = sign(text);
        let (whole_digits, mut rest) = digits(mantissa);
        let mut all_digits = whole_digits;
        if let [b'.', behind @ ..] = rest {
            let (places, end) = digits(behind);
            all_digits += places;
            rest = end;
        }
        if all_digits == 0 {
            return Err(ParseFixError::NotANumber);
        }
        let mut exponent = 0;
        let mut written = rest;
        if let [b'e' | b'E', behind @ ..] = rest {
            let (down, number) = sign(behind);
            let (count, end) = digits(number);
            if count == 0 {
                return Err(ParseFixError::NotANumber);
            }
            exponent = saturating_integer(number, down);
            written = end;
        }
        if !written.is_empty() {
            return Err(ParseFixError::NotANumber);
        }
        let whole_digits = exponent.saturating_add(whole_digits);
        Ok(Self {
            negative,
            mantissa,
            whole_digits,
        })
    }

    /// The distance from zero times `2^fraction_bits`, to the nearest, halves up.
    const fn magnitude(&self, fraction_bits: u32) -> Result<u128, ParseFixError> {
        // The number is whole + fraction / 10^PLACES.
        let (mut whole, mut fraction) = (0_u128, 0_u128);
        let mut place = self.whole_digits;
        let mut rest = self.mantissa;
        while let [byte, behind @ ..] = rest {
            rest = behind;
            let digit = match *byte {
                b'0'..=b'9' => *byte - b'0',
                b'_' | b'.' => continue,
                // The exponent.
                _ => break,
            };
            place = place.saturating_sub(1);
            match place {
                _ if digit == 0 => {}
                0..=18 => whole += digit as u128 * power_of_ten(place),
                19.. => return Err(ParseFixError::OutOfRange),
                LAST_PLACE..0 => {
                    fraction += digit as u128 * power_of_ten(PLACES + place);
                }
                _ => break,
            }
        }
        // The fraction in binary, one bit more than wanted: long division, a bit at a time.
        let one = power_of_ten(PLACES);
        let mut bits = whole;
        let mut left = fraction_bits + 1;
        while left > 0 {
            left -= 1;
            fraction *= 2;
            bits *= 2;
            if fraction >= one {
                fraction -= one;
                bits += 1;
            }
        }
        Ok((bits + 1) >> 1)
    }
}

const fn power_of_ten(places: i64) -> u128 {
    #[expect(clippy::cast_possible_truncation, reason = "at most PLACES")]
    let places = places.unsigned_abs() as u32;
    10_u128.pow(places)
}

/// Whether a text begins with a minus, and what follows its sign if it has one.
const fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// How many digits a text begins with, and what follows them and their underscores.
const fn digits(text: &[u8]) -> (i64, &[u8]) {
    let mut count = 0;
    let mut rest = text;
    loop {
        match rest {
            [b'0'..=b'9', behind @ ..] => {
                count += 1;
                rest = behind;
            }
            [b'_', behind @ ..] if count > 0 => rest = behind,
            _ => return (count, rest),
        }
    }
}

/// The integer that digits and underscores at the beginning of a text write, saturated.
const fn saturating_integer(text: &[u8], negative: bool) -> i64 {
    let mut number = 0_i64;
    let mut rest = text;
    while let [byte @ (b'0'..=b'9' | b'_'), behind @ ..] = rest {
        rest = behind;
        if *byte != b'_' {
            number = number
                .saturating_mul(10)
                .saturating_add((*byte - b'0') as i64);
        }
    }
    if negative { -number } else { number }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use proptest::prelude::*;

    use super::super::samples::{any_fix, any_fix32};
    use super::*;

    #[test]
    fn known_texts() {
        for (text, number) in [
            ("0", Fix::ZERO),
            ("-0.0", Fix::ZERO),
            ("+1.5", Fix::ratio(3, 2)),
            (".5", Fix::HALF),
            ("5.", Fix::int(5)),
            ("-1_000_.2_5_", Fix::ratio(-4001, 4)),
            ("125e-3", Fix::ratio(1, 8)),
            ("0.00125E+2", Fix::ratio(1, 8)),
            ("-2147483648", Fix::MIN),
            ("2147483647.9999999998", Fix::MAX),
            ("0e999999999999999999999", Fix::ZERO),
            ("1e-999999999999999999999", Fix::ZERO),
            ("0.0000000001164153218269348144531250", Fix::STEP),
            ("0.0000000001164153218269348144531249", Fix::ZERO),
            ("-0.0000000001164153218269348144531250", -Fix::STEP),
            // The halfway points at the ends: the lower one rounds out of range, too.
            ("2147483647.99999999988358467817306518554687499", Fix::MAX),
            ("-2147483648.00000000011641532182693481445312499", Fix::MIN),
        ] {
            assert_eq!(Fix::parse(text), Ok(number), "{text}");
        }
        for text in [
            "", "-", "+", ".", "_1", "1__e", "e5", "1e", "1e+", "1e_5", "--1", "1.2.3", "1 ", " 1",
            "- 1", "0x10", "1.5f32", "inf", "NaN", "½", "1.e", "._5", "\"1\"",
        ] {
            assert_eq!(Fix::parse(text), Err(ParseFixError::NotANumber), "{text}");
        }
        for text in [
            "2147483648",
            "-2147483649",
            "2147483647.999999999883584678173065185546875",
            "-2147483648.000000000116415321826934814453125",
            "1e10",
            "1e999999999999999999999",
            "18446744073709551617",
        ] {
            assert_eq!(Fix::parse(text), Err(ParseFixError::OutOfRange), "{text}");
        }
        assert_eq!(Fix32::parse("32767.99999"), Ok(Fix32::MAX));
        assert_eq!(Fix32::parse("32768"), Err(ParseFixError::OutOfRange));
        assert_eq!(Fix32::parse("-32768"), Ok(Fix32::MIN));
    }

    #[test]
    fn a_megabyte_is_a_number_like_another() {
        let zeros = "0".repeat(1 << 20);
        assert_eq!(Fix::parse(&format!("{zeros}.{zeros}")), Ok(Fix::ZERO));
        assert_eq!(Fix::parse(&format!("1{zeros}e-1048576")), Ok(Fix::ONE));
        assert_eq!(Fix::parse(&format!(".{zeros}1e1048577")), Ok(Fix::ONE));
        assert_eq!(Fix::parse(&format!("0.5{zeros}1")), Ok(Fix::HALF));
        assert_eq!(Fix::parse(&format!("1e-{zeros}1")), Ok(Fix::ratio(1, 10)));
        let nines = "9".repeat(1 << 20);
        assert_eq!(Fix::parse(&format!("0.{nines}")), Ok(Fix::ONE));
        assert_eq!(Fix::parse(&nines), Err(ParseFixError::OutOfRange));
    }

    #[test]
    fn literals_are_parsed_texts() {
        const NUMBER: Fix = fix!(-0.001);
        assert_eq!(Ok(NUMBER), "-0.001".parse());
        assert_eq!(fix!(1_0.2_5), Fix::ratio(41, 4));
        assert_eq!(fix!(-2147483648), Fix::MIN);
        // A sign that stands apart, or comes through another macro.
        macro_rules! pass_on {
            ($number:literal) => {
                [fix!($number), fix!(-$number)]
            };
        }
        #[rustfmt::skip]
        assert_eq!(fix!(- 1.5), Fix::ratio(-3, 2));
        assert_eq!(pass_on!(2.5), [Fix::ratio(5, 2), Fix::ratio(-5, 2)]);
        assert_eq!(fix32!(-1e-3), Fix32::parse("-0.001").unwrap());
    }

    /// The nearest bits to `digits / 10^places`, halves away from zero, by big enough integers.
    fn model(digits: u64, places: u32, fraction_bits: u32) -> u128 {
        let (n, d) = (u128::from(digits) << fraction_bits, 10_u128.pow(places));
        n / d + u128::from(n % d * 2 >= d)
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_the_identity(number in any_fix(), small in any_fix32()) {
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            prop_assert_eq!(small.to_string().parse(), Ok(small));
        }

        #[test]
        fn parse_is_its_model(digits: u64, cut in 0..64_u32, places in 0..25_u32) {
            let digits = digits >> cut;
            let text = format!("{digits}e-{places}");
            let wanted = i64::try_from(model(digits, places, 32)).map(Fix::from_bits);
            prop_assert_eq!(Fix::parse(&text).ok(), wanted.ok());
            let wanted = i32::try_from(model(digits, places, 16)).map(Fix32::from_bits);
            prop_assert_eq!(Fix32::parse(&text).ok(), wanted.ok());
        }

        #[test]
        fn exponents_move_the_point(number in any_fix(), by in 0..40_u32) {
            // The same number with its point `by` places further left.
            let plain = number.to_string();
            let digits = plain.trim_start_matches('-');
            let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
            let mut moved = "0".repeat(crate::index::at(by)) + whole;
            let behind = moved.split_off(moved.len() - crate::index::at(by)) + behind;
            let sign = if number.is_negative() { "-" } else { "" };
            prop_assert_eq!(Fix::parse(&format!("{sign}{moved}.{behind}e{by}")), Ok(number));
        }

        #[test]
        fn texts_are_mirrored(digits: u32, places in 0..12_u32) {
            let text = format!("{digits}e-{places}");
            let Ok(number) = Fix::parse(&text) else { return Ok(()) };
            prop_assert_eq!(Fix::parse(&(String::from("-") + &text)), Ok(-number));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9_.eE ]{0,12}|.{0,12}") {
            let (fix, small) = (Fix::parse(&text), Fix32::parse(&text));
            prop_assert_eq!(fix == Err(ParseFixError::NotANumber), small == Err(ParseFixError::NotANumber));
            // What is a number to us is one to the standard library, underscores apart.
            let theirs = text.replace('_', "").parse::<Float>().is_ok();
            prop_assert!(theirs || fix == Err(ParseFixError::NotANumber));
        }
    }

    #[expect(clippy::disallowed_types, reason = "an independent parser")]
    type Float = f64;
}
