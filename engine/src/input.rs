//! [`Input`]: what one slot contributes to one tick.

use crate::index::at;
use crate::limits::INPUT_BYTES_MAX;

/// What one slot contributes to one tick: held keys, a stick, edges. Small, `Copy`, of a fixed
/// packed size; [`Default`] is the neutral input (nothing held). Derive it:
///
/// ```
/// use phalanx_engine::Input;
///
/// #[derive(Input, Clone, Copy, Default, PartialEq, Debug)]
/// struct Pad {
///     left: bool,
///     right: bool,
///     /// True only in the tick of the press: never repeated by a guess.
///     #[input(edge)]
///     punch: bool,
/// }
/// assert_eq!(Pad::BYTES, 1); // three bits
/// assert_eq!(Pad::repeated(&Pad { left: true, right: false, punch: true }), Pad { left: true, ..Pad::default() });
/// ```
///
/// Fields are integers, `bool`s, fixed-point numbers, [`Angle`](crate::Angle), enums without fields
/// that derive `Input` themselves, and arrays of those of at most 64 bits. They are packed in
/// declaration order, each in its [`Bits::BITS`], lowest bit first; the last byte is filled with
/// zeros.
///
/// A type that also derives serde's traits works unchanged with ggrs.
pub trait Input: Copy + Default + PartialEq + 'static {
    /// Packed size in bytes, 1 to [`INPUT_BYTES_MAX`].
    const BYTES: u32;

    /// Which packed bits a guess may repeat, [`Input::BYTES`] of them; edges are left out.
    const REPEAT: &'static [u8];

    /// Writes the packed form into `out`, which holds [`Input::BYTES`] bytes.
    fn pack(&self, out: &mut [u8]);

    /// Reads the packed form. Total: what cannot be a value becomes neutral.
    fn unpack(bytes: &[u8]) -> Self;

    /// Whether `bytes` is exactly what [`Input::pack`] writes for some value.
    fn is_valid(bytes: &[u8]) -> bool {
        let mut packed = PackedInput::default();
        let packed = packed.slice_mut(Self::BYTES);
        Self::unpack(bytes).pack(packed);
        *packed == *bytes
    }

    /// What this value becomes when it is repeated: its repeatable bits, the others neutral.
    #[must_use]
    fn repeated(&self) -> Self {
        let (mut packed, mut neutral) = (PackedInput::default(), PackedInput::default());
        let (packed, neutral) = (
            packed.slice_mut(Self::BYTES),
            neutral.slice_mut(Self::BYTES),
        );
        self.pack(packed);
        Self::default().pack(neutral);
        repeat_bits(packed, neutral, Self::REPEAT);
        Self::unpack(packed)
    }
}

/// For games whose players only order: see [`Command`](crate::Command). Its one byte is always zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NoInput;

impl Input for NoInput {
    const BYTES: u32 = 1;
    const REPEAT: &'static [u8] = &[0xff];
    fn pack(&self, out: &mut [u8]) {
        out.fill(0);
    }
    fn unpack(_bytes: &[u8]) -> Self {
        Self
    }
}

/// Replaces the bits of `value` that `mask` does not repeat by those of `neutral`: the step from
/// one tick's packed input to the guess for the next, the same for players and relay.
pub fn repeat_bits(value: &mut [u8], neutral: &[u8], mask: &[u8]) {
    for ((value, neutral), mask) in value.iter_mut().zip(neutral).zip(mask) {
        *value = (*value & mask) | (neutral & !mask);
    }
}

/// Room for one packed input on the stack.
#[derive(Clone, Copy, Debug)]
pub struct PackedInput([u8; at(INPUT_BYTES_MAX)]);

impl Default for PackedInput {
    fn default() -> Self {
        Self([0; at(INPUT_BYTES_MAX)])
    }
}

impl PackedInput {
    /// The first `bytes` bytes, at most [`INPUT_BYTES_MAX`] of them.
    pub fn slice_mut(&mut self, bytes: u32) -> &mut [u8] {
        &mut self.0[..at(bytes)]
    }
}

/// A value that packs into a fixed number of bits: the fields of an [`Input`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of an input",
    label = "no `Bits`",
    note = "an input's fields are integers of 8 to 64 bits, `bool`, `Fix`, `Fix32`, `Angle`, enums without fields that \
            `#[derive(Input)]`, and arrays of those; what varies in size is a `Command`"
)]
pub trait Bits: Copy + 'static {
    /// How many bits, at most 64.
    const BITS: u32;
    /// The value in the lowest [`Bits::BITS`] bits.
    fn to_bits(self) -> u64;
    /// The value with these bits; total, what cannot be a value becomes neutral.
    fn from_bits(bits: u64) -> Self;
}

macro_rules! integer_bits {
    ($($int:ty as $unsigned:ty),*) => {$(
        impl Bits for $int {
            const BITS: u32 = <$int>::BITS;
            #[allow(clippy::unnecessary_cast, reason = "one macro for all widths")]
            fn to_bits(self) -> u64 { self as $unsigned as u64 }
            #[allow(clippy::cast_possible_truncation, reason = "the lowest bits are meant")]
            fn from_bits(bits: u64) -> Self { bits as $unsigned as Self }
        }
    )*};
}

integer_bits!(
    u8 as u8, u16 as u16, u32 as u32, u64 as u64, i8 as u8, i16 as u16, i32 as u32, i64 as u64
);

impl Bits for bool {
    const BITS: u32 = 1;
    fn to_bits(self) -> u64 {
        u64::from(self)
    }
    fn from_bits(bits: u64) -> Self {
        bits & 1 == 1
    }
}

/// An array is its elements, the first one in the lowest bits.
#[expect(clippy::disallowed_types, reason = "the length of an array is a usize")]
impl<T: Bits, const N: usize> Bits for [T; N] {
    const BITS: u32 = {
        let bits = T::BITS as u64 * N as u64;
        assert!(
            0 < bits && bits <= 64,
            "an array in an input has 1 to 64 bits"
        );
        #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
        let bits = bits as u32;
        bits
    };
    fn to_bits(self) -> u64 {
        // An element as wide as all bits is the only one: nothing is shifted out.
        self.iter().rev().fold(0, |bits: u64, item| {
            bits.checked_shl(T::BITS).unwrap_or(0) | item.to_bits()
        })
    }
    fn from_bits(bits: u64) -> Self {
        let mut rest = bits;
        [(); N].map(|()| {
            let item = T::from_bits(rest & (u64::MAX >> (u64::BITS - T::BITS)));
            rest = rest.checked_shr(T::BITS).unwrap_or(0);
            item
        })
    }
}

/// Writes the fields of an input one after the other; what the derive of [`Input`] calls.
#[derive(Debug)]
pub struct BitPacker<'a> {
    out: &'a mut [u8],
    bit: u32,
}

impl<'a> BitPacker<'a> {
    /// Packs into `out`, from its first bit on.
    pub fn new(out: &'a mut [u8]) -> Self {
        out.fill(0);
        Self { out, bit: 0 }
    }

    /// Appends `value`.
    ///
    /// # Panics
    /// If `out` is too short for the fields: a wrong [`Input::BYTES`].
    pub fn put<T: Bits>(&mut self, value: T) {
        if T::BITS.is_multiple_of(8) && self.bit.is_multiple_of(8) {
            // Whole bytes where bytes begin: nothing to shift.
            let (first, bytes) = (self.bit / 8, T::BITS / 8);
            let value = value.to_bits().to_le_bytes();
            self.out[at(first)..at(first + bytes)].copy_from_slice(&value[..at(bytes)]);
            self.bit += T::BITS;
            return;
        }
        let (mut bits, mut left) = (value.to_bits(), T::BITS);
        while left > 0 {
            let shift = self.bit % 8;
            let taken = left.min(8 - shift);
            let part = bits & ((1 << taken) - 1);
            #[expect(clippy::cast_possible_truncation, reason = "at most eight bits")]
            let part = (part << shift) as u8;
            self.out[at(self.bit / 8)] |= part;
            bits >>= taken;
            left -= taken;
            self.bit += taken;
        }
    }
}

/// Reads the fields of an input one after the other; what the derive of [`Input`] calls.
#[derive(Debug)]
pub struct BitUnpacker<'a> {
    bytes: &'a [u8],
    bit: u32,
}

impl<'a> BitUnpacker<'a> {
    /// Unpacks `bytes` from its first bit on; bits behind its end read as zero.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, bit: 0 }
    }

    /// The next value.
    pub fn take<T: Bits>(&mut self) -> T {
        let (first, bytes) = (self.bit / 8, T::BITS / 8);
        if T::BITS.is_multiple_of(8)
            && self.bit.is_multiple_of(8)
            && let Some(packed) = self.bytes.get(at(first)..at(first + bytes))
        {
            // Whole bytes where bytes begin: nothing to shift.
            let mut value = [0; 8];
            value[..at(bytes)].copy_from_slice(packed);
            self.bit += T::BITS;
            return T::from_bits(u64::from_le_bytes(value));
        }
        let (mut bits, mut done) = (0, 0);
        while done < T::BITS {
            let shift = self.bit % 8;
            let taken = (T::BITS - done).min(8 - shift);
            let byte = self.bytes.get(at(self.bit / 8)).copied().unwrap_or(0);
            let part = (u64::from(byte) >> shift) & ((1 << taken) - 1);
            bits |= part << done;
            done += taken;
            self.bit += taken;
        }
        T::from_bits(bits)
    }
}

/// Which packed bits may be repeated, built at compile time; what the derive of [`Input`] calls.
/// `fields` gives each field's width in bits and whether it may be repeated.
#[must_use]
#[expect(clippy::disallowed_types, reason = "the length of an array is a usize")]
pub const fn repeat_mask<const BYTES: usize>(fields: &[(u32, bool)]) -> [u8; BYTES] {
    let mut mask = [0; BYTES];
    let (mut field, mut bit) = (0, 0);
    while field < fields.len() {
        let (width, repeat) = fields[field];
        let mut index = 0;
        while index < width {
            if repeat {
                mask[(bit / 8) as usize] |= 1 << (bit % 8);
            }
            bit += 1;
            index += 1;
        }
        field += 1;
    }
    mask
}

/// A single value is an input by itself, repeatable as a whole.
impl<T: Bits + Default + PartialEq> Input for T {
    const BYTES: u32 = T::BITS.div_ceil(8);
    const REPEAT: &'static [u8] = [0xff; 8].split_at(at(Self::BYTES)).0;

    fn pack(&self, out: &mut [u8]) {
        BitPacker::new(out).put(*self);
    }

    fn unpack(bytes: &[u8]) -> Self {
        BitUnpacker::new(bytes).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_odd_widths_come_back() {
        let mut bytes = [0; 16];
        let mut packer = BitPacker::new(&mut bytes);
        packer.put(true);
        packer.put(-2_i8);
        packer.put(u64::MAX - 5);
        packer.put(false);
        packer.put(0x1234_u16);
        let mut unpacker = BitUnpacker::new(&bytes);
        assert!(unpacker.take::<bool>());
        assert_eq!(unpacker.take::<i8>(), -2);
        assert_eq!(unpacker.take::<u64>(), u64::MAX - 5);
        assert!(!unpacker.take::<bool>());
        assert_eq!(unpacker.take::<u16>(), 0x1234);
        assert_eq!(unpacker.take::<u64>(), 0, "bits behind the end are zero");
    }

    #[test]
    fn single_values_are_inputs() {
        assert_eq!((u16::BYTES, u16::REPEAT), (2, &[0xff; 2][..]));
        let mut bytes = [0; 2];
        0xabcd_u16.pack(&mut bytes);
        assert_eq!(u16::unpack(&bytes), 0xabcd);
        assert!(bool::is_valid(&[1]));
        assert!(!bool::is_valid(&[2]), "a bit that no value sets");
    }

    #[test]
    fn the_mask_follows_the_fields() {
        assert_eq!(
            repeat_mask::<2>(&[(3, true), (6, false), (2, true)]),
            [0b0000_0111, 0b0000_0110]
        );
    }
}
