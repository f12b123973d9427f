//! Bit by bit: numbers lowest bit first, counts in groups of seven bits.

use phalanx_engine::Tick;

use super::WireError;

/// Appends bits to a byte buffer; the last byte is filled with zeros by [`BitWriter::finish`].
pub(crate) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u64,
    pending_bits: u32,
}

/// A place in a [`BitWriter`] to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    bytes: usize,
    pending: u64,
    pending_bits: u32,
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            pending: 0,
            pending_bits: 0,
        }
    }

    /// Appends the lowest `bits` bits of `value`, at most 32 of them.
    pub(crate) fn put(&mut self, value: u32, bits: u32) {
        let masked = u64::from(value) & ((1_u64 << bits) - 1);
        self.pending |= masked << self.pending_bits;
        self.pending_bits += bits;
        while self.pending_bits >= 8 {
            self.out.push((self.pending & 0xff).to_le_bytes()[0]);
            self.pending >>= 8;
            self.pending_bits -= 8;
        }
    }

    pub(crate) fn put_bool(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }

    pub(crate) fn put_u64(&mut self, value: u64) {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        self.put(u32::from_le_bytes([a, b, c, d]), 32);
        self.put(u32::from_le_bytes([e, f, g, h]), 32);
    }

    /// Appends a number in groups of seven bits, lowest first, each after a bit that says whether
    /// another one follows.
    pub(crate) fn put_count(&mut self, mut value: u64) {
        loop {
            let group = u32::from((value & 0x7f).to_le_bytes()[0]);
            value >>= 7;
            self.put(u32::from(value != 0) | (group << 1), 8);
            if value == 0 {
                break;
            }
        }
    }

    /// Appends a number of either sign: zigzag, then as a count.
    pub(crate) fn put_signed(&mut self, value: i64) {
        self.put_count(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// Appends a tick as its distance from one near by, which the reader knows: short however long the
    /// session is.
    pub(crate) fn put_tick(&mut self, tick: Tick, near: Tick) {
        self.put_signed(tick.0.wrapping_sub(near.0).cast_signed());
    }

    /// Appends the difference of two packed inputs: one bit if they are the same, else per byte a
    /// bit and, if it changed, the byte.
    pub(crate) fn put_delta(&mut self, before: &[u8], value: &[u8]) {
        self.put_bool(before != value);
        if before == value {
            return;
        }
        for (before, value) in before.iter().zip(value) {
            self.put_bool(before != value);
            if before != value {
                self.put(u32::from(*value), 8);
            }
        }
    }

    /// Bytes written so far, the begun one included.
    pub(crate) fn len(&self) -> usize {
        self.out.len() + usize::from(self.pending_bits > 0)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            bytes: self.out.len(),
            pending: self.pending,
            pending_bits: self.pending_bits,
        }
    }

    /// Forgets everything after `mark`.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.out.truncate(mark.bytes);
        self.pending = mark.pending;
        self.pending_bits = mark.pending_bits;
    }

    pub(crate) fn finish(self) {
        if self.pending_bits > 0 {
            self.out.push((self.pending & 0xff).to_le_bytes()[0]);
        }
    }
}

/// Reads what a [`BitWriter`] wrote.
#[derive(Clone)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    pending: u64,
    pending_bits: u32,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            pending: 0,
            pending_bits: 0,
        }
    }

    /// The next `bits` bits, at most 32 of them.
    pub(crate) fn take(&mut self, bits: u32) -> Result<u32, WireError> {
        while self.pending_bits < bits {
            let (byte, rest) = self.bytes.split_first().ok_or(WireError::UnexpectedEnd)?;
            self.bytes = rest;
            self.pending |= u64::from(*byte) << self.pending_bits;
            self.pending_bits += 8;
        }
        let value = self.pending & ((1_u64 << bits) - 1);
        self.pending >>= bits;
        self.pending_bits -= bits;
        let [a, b, c, d, ..] = value.to_le_bytes();
        Ok(u32::from_le_bytes([a, b, c, d]))
    }

    pub(crate) fn take_bool(&mut self) -> Result<bool, WireError> {
        Ok(self.take(1)? == 1)
    }

    pub(crate) fn take_u8(&mut self) -> Result<u8, WireError> {
        Ok(self.take(8)?.to_le_bytes()[0])
    }

    pub(crate) fn take_u16(&mut self) -> Result<u16, WireError> {
        let [low, high, ..] = self.take(16)?.to_le_bytes();
        Ok(u16::from_le_bytes([low, high]))
    }

    pub(crate) fn take_u64(&mut self) -> Result<u64, WireError> {
        let low = u64::from(self.take(32)?);
        Ok(low | u64::from(self.take(32)?) << 32)
    }

    pub(crate) fn take_count(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let more = self.take_bool()?;
            let group = u64::from(self.take(7)?);
            if (group << shift) >> shift != group || (!more && group == 0 && shift > 0) {
                return Err(WireError::OutOfRange("a number"));
            }
            value |= group << shift;
            if !more {
                return Ok(value);
            }
        }
        Err(WireError::OutOfRange("a number"))
    }

    pub(crate) fn take_signed(&mut self) -> Result<i64, WireError> {
        let zigzag = self.take_count()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    pub(crate) fn take_tick(&mut self, near: Tick) -> Result<Tick, WireError> {
        let distance = self.take_signed()?;
        Ok(Tick(near.0.wrapping_add(distance.cast_unsigned())))
    }

    /// Turns `value`, the packed input before, into the next one.
    pub(crate) fn take_delta(&mut self, value: &mut [u8]) -> Result<(), WireError> {
        if !self.take_bool()? {
            return Ok(());
        }
        for byte in value {
            if self.take_bool()? {
                *byte = self.take_u8()?;
            }
        }
        Ok(())
    }

    /// The bytes that no bit was read of yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Checks that only the filling of the last byte is left, and that it is zero.
    pub(crate) fn finish(self) -> Result<(), WireError> {
        if self.bytes.is_empty() && self.pending_bits < 8 && self.pending == 0 {
            Ok(())
        } else {
            Err(WireError::TrailingBytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn going_back_leaves_no_trace() {
        let mut bytes = Vec::new();
        let mut writer = BitWriter::new(&mut bytes);
        writer.put(0b101, 3);
        let mark = writer.mark();
        writer.put_u64(u64::MAX);
        assert_eq!(writer.len(), 9);
        writer.rewind(mark);
        writer.put(0b11, 2);
        writer.finish();
        assert_eq!(bytes, [0b11101]);
    }

    #[test]
    fn overlong_numbers_are_refused() {
        // A second group that adds nothing.
        assert!(BitReader::new(&[0b0000_0011, 0]).take_count().is_err());
        // More than 64 bits.
        assert!(BitReader::new(&[0xff; 10]).take_count().is_err());
        assert_eq!(BitReader::new(&[0b0000_0010]).take_count(), Ok(1));
    }

    proptest! {
        #[test]
        fn everything_comes_back(counts: Vec<u64>, signed: Vec<i64>, before: [u8; 5], after: [u8; 5]) {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            writer.put_bool(true);
            counts.iter().for_each(|count| writer.put_count(*count));
            signed.iter().for_each(|number| writer.put_signed(*number));
            writer.put_delta(&before, &after);
            writer.finish();

            let mut reader = BitReader::new(&bytes);
            prop_assert!(reader.take_bool().unwrap());
            for count in counts {
                prop_assert_eq!(reader.take_count(), Ok(count));
            }
            for number in signed {
                prop_assert_eq!(reader.take_signed(), Ok(number));
            }
            let mut value = before;
            reader.take_delta(&mut value).unwrap();
            prop_assert_eq!(value, after);
            prop_assert_eq!(reader.finish(), Ok(()));
        }
    }
}
