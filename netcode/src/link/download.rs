//! [`Download`]: a snapshot on its way from the relay.

use crate::channel::CloseReason;
use crate::limits::{SNAPSHOT_PACKED_BYTES_MAX, SNAPSHOT_WINDOW_BYTES};

/// What came of it. Memory is taken for what is there, not for what was promised.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    packed: Vec<u8>,
    /// How many bytes there will be.
    whole: usize,
    /// How many the relay knows to have come.
    told: usize,
}

impl Download {
    /// Nothing has come of `bytes` bytes.
    ///
    /// # Errors
    /// [`CloseReason`] if no snapshot has so many.
    pub(crate) fn new(bytes: u64) -> Result<Self, CloseReason> {
        if !(1..=SNAPSHOT_PACKED_BYTES_MAX).contains(&bytes) {
            return Err(CloseReason::Malformed);
        }
        Ok(Self {
            packed: Vec::new(),
            whole: usize::try_from(bytes).map_err(|_| CloseReason::Malformed)?,
            told: 0,
        })
    }

    /// Takes the next piece; returns what to tell the relay of how many bytes have come, now and then.
    ///
    /// # Errors
    /// [`CloseReason`] if there is nothing in it, or more than was promised.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<Option<u64>, CloseReason> {
        if piece.is_empty() || piece.len() > self.whole - self.packed.len() {
            return Err(CloseReason::Malformed);
        }
        self.packed.extend_from_slice(piece);
        let came = self.packed.len();
        let tells = !self.is_over() && came >= self.told + SNAPSHOT_WINDOW_BYTES / 4;
        if tells {
            self.told = came;
        }
        Ok(tells.then_some(came as u64))
    }

    /// Whether all of it has come.
    pub(crate) fn is_over(&self) -> bool {
        self.packed.len() == self.whole
    }

    /// Takes what came, all of it: the relay is told when it is a world.
    pub(crate) fn take_bytes(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.packed)
    }

    /// How many bytes there are in all.
    pub(crate) const fn whole(&self) -> u64 {
        self.whole as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_of_now_and_then() {
        let quarter = SNAPSHOT_WINDOW_BYTES / 4;
        let mut download = Download::new(quarter as u64 + 5).unwrap();
        assert_eq!(download.take(&vec![1; quarter - 1]), Ok(None));
        assert_eq!(download.take(&[2]), Ok(Some(quarter as u64)));
        assert_eq!(download.take(&[3; 4]), Ok(None));
        assert!(!download.is_over());
        assert_eq!(download.take(&[4]), Ok(None));
        assert!(download.is_over());
        assert_eq!(download.take_bytes().len(), quarter + 5);
        assert_eq!(download.whole(), quarter as u64 + 5);
    }

    #[test]
    fn liars_are_refused() {
        for bytes in [0, SNAPSHOT_PACKED_BYTES_MAX + 1, u64::MAX] {
            assert_eq!(Download::new(bytes).err(), Some(CloseReason::Malformed));
        }
        let mut download = Download::new(3).unwrap();
        assert_eq!(download.take(&[]), Err(CloseReason::Malformed));
        assert_eq!(download.take(&[0; 4]), Err(CloseReason::Malformed));
    }
}
