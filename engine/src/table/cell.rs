//! [`Cell`], a value of fixed width in a column.

use crate::codec::{DecodeError, Decoder};
use crate::index::at;
use crate::math::{Angle, Fix, Fix32, Rot2, Vec2, Vec3};
use crate::session::Slot;
use crate::state::State;
use crate::tick::Tick;

/// A value of fixed width: what a column of a [`Table`](crate::Table) holds. Derive it for structs
/// and enums of cells, beside `State`:
///
/// ```
/// use phalanx_engine::{Cell, Fix, State};
///
/// #[derive(State, Cell, Clone, Copy, PartialEq)]
/// enum Order { Stand, Gather { amount: u16 }, Guard(Fix) }
/// assert_eq!(Order::BYTES, 9);
/// ```
///
/// In a column an enum takes as many bytes as its widest variant; what others leave are zeros.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a cell of a table",
    label = "no `Cell`",
    note = "a cell is `Copy` and has a fixed width: an integer, `bool`, `Fix`, an id, an option or array of cells, \
            or a struct or enum with `#[derive(State, Cell)]`; what varies in length is a `Vec` in the row"
)]
pub trait Cell: State + Copy + PartialEq {
    /// Width of the canonical bytes.
    const BYTES: u32;

    /// The value of a row that does not exist: the one whose bytes are all zero.
    const ZERO: Self;

    /// Writes the canonical bytes to all of `out`, which has [`Cell::BYTES`] bytes of anything.
    fn encode_cell(&self, out: &mut [u8]);

    /// Reads canonical bytes; refuses all others.
    ///
    /// # Errors
    /// [`DecodeError`] tells what is wrong with the bytes.
    fn decode_cell(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Writes to the front of `out`; returns the rest of it.
    #[inline]
    fn encode_front<'a>(&self, out: &'a mut [u8]) -> &'a mut [u8] {
        let (front, rest) = out.split_at_mut(at(Self::BYTES));
        self.encode_cell(front);
        rest
    }
}

/// Types that have a width as a state already: in a column they are the same bytes.
macro_rules! with_width {
    ($($name:ty: $zero:expr),* $(,)?) => {$(
        impl Cell for $name {
            const BYTES: u32 = <$name>::WIDTH.expect("a width");
            const ZERO: Self = $zero;
            #[inline]
            fn encode_cell(&self, out: &mut [u8]) { self.encode_fixed(out); }
            #[inline]
            fn decode_cell(from: &mut Decoder<'_>) -> Result<Self, DecodeError> { Self::decode(from) }
        }
    )*};
}

with_width! {
    u8: 0, u16: 0, u32: 0, u64: 0, i8: 0, i16: 0, i32: 0, i64: 0,
    bool: false,
    Fix: Self::ZERO,
    Fix32: Self::ZERO,
    Angle: Self(0),
    Rot2: Self { cos: Fix::ZERO, sin: Fix::ZERO },
    Slot: Self(0),
    Tick: Self::ZERO,
    Vec2: Self::ZERO,
    Vec3: Self::ZERO,
}

impl<T: Cell> Cell for Option<T> {
    const BYTES: u32 = 1 + T::BYTES;
    const ZERO: Self = None;
    #[inline]
    fn encode_cell(&self, out: &mut [u8]) {
        match self {
            Some(value) => value.encode_cell(1_u8.encode_front(out)),
            None => out.fill(0),
        }
    }
    fn decode_cell(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match from.take_u8()? {
            0 => {
                from.take_zeros(T::BYTES, "Option")?;
                Ok(None)
            }
            1 => Ok(Some(T::decode_cell(from)?)),
            _ => Err(DecodeError::Invalid("Option")),
        }
    }
}

#[expect(clippy::disallowed_types, reason = "the length of an array is a usize")]
impl<T: Cell, const N: usize> Cell for [T; N] {
    #[expect(clippy::cast_possible_truncation, reason = "nobody has cells of 4 GiB")]
    const BYTES: u32 = N as u32 * T::BYTES;
    const ZERO: Self = [T::ZERO; N];
    #[inline]
    fn encode_cell(&self, mut out: &mut [u8]) {
        for item in self {
            out = item.encode_front(out);
        }
    }
    fn decode_cell(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut items = Self::ZERO;
        for item in &mut items {
            *item = T::decode_cell(from)?;
        }
        Ok(items)
    }
}

macro_rules! tuples {
    ($(($($name:ident . $index:tt),+))*) => {$(
        impl<$($name: Cell),+> Cell for ($($name,)+) {
            const BYTES: u32 = 0 $(+ $name::BYTES)+;
            const ZERO: Self = ($($name::ZERO,)+);
            #[inline]
            fn encode_cell(&self, out: &mut [u8]) { $(let out = self.$index.encode_front(out);)+ let _ = out; }
            fn decode_cell(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(($($name::decode_cell(from)?,)+))
            }
        }
    )*};
}

tuples! { (A.0) (A.0, B.1) (A.0, B.1, C.2) (A.0, B.1, C.2, D.3) }

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn round<T: Cell + core::fmt::Debug>(value: T, bytes: &[u8]) {
        let mut out = vec![0xff; at(T::BYTES)];
        value.encode_cell(&mut out);
        assert_eq!(out, bytes);
        if let Some(twice) = T::bytes_of(&[value, value]) {
            assert_eq!(twice, [bytes, bytes].concat(), "in memory");
        }
        let mut from = Decoder::new(bytes);
        assert_eq!(T::decode_cell(&mut from), Ok(value));
        assert_eq!(from.remaining(), 0);
    }

    #[derive(crate::State, crate::Cell, Clone, Copy, Debug, PartialEq, bytemuck::NoUninit)]
    #[repr(C)]
    #[state(bytes)]
    struct Wound {
        place: u16,
        depth: [u8; 2],
        by: Angle,
    }

    const _: () = assert!(Wound::IN_PLACE);

    #[test]
    fn cells_have_their_width() {
        round(Some(7_u16), &[1, 7, 0]);
        round(None::<u16>, &[0, 0, 0]);
        round([(true, -1_i8), (false, 2)], &[1, 255, 0, 2]);
        round(Fix32::ONE, &[0, 0, 1, 0]);
        let wound = Wound {
            place: 1,
            depth: [2, 3],
            by: Angle(4),
        };
        round(wound, &[1, 0, 2, 3, 4, 0, 0, 0]);
        round((Slot(3), Tick(1)), &[3, 1, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        let invalid = |what| Err(DecodeError::Invalid(what));
        assert_eq!(
            Option::<u8>::decode_cell(&mut Decoder::new(&[0, 1])),
            invalid("Option")
        );
        assert_eq!(
            Option::<u8>::decode_cell(&mut Decoder::new(&[2, 1])),
            invalid("Option")
        );
        let short = Vec2::decode_cell(&mut Decoder::new(&[0; 15]));
        assert_eq!(short, Err(DecodeError::UnexpectedEnd));
    }
}
