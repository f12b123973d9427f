//! [`Download`]: a snapshot on its way to a player.

use std::sync::Arc;

use crate::limits::{SNAPSHOT_PIECE_BYTES, SNAPSHOT_WINDOW_BYTES};

/// Cut into pieces, so many of which are under way that the player's way down is full, and what waits for
/// the transport is little.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    packed: Arc<[u8]>,
    sent: usize,
    received: usize,
}

impl Download {
    pub(crate) const fn new(packed: Arc<[u8]>) -> Self {
        Self {
            packed,
            sent: 0,
            received: 0,
        }
    }

    /// The next piece, if it may go now.
    pub(crate) fn piece(&mut self) -> Option<&[u8]> {
        let end = self.packed.len().min(self.sent + SNAPSHOT_PIECE_BYTES);
        if self.sent == end || self.sent >= self.received + SNAPSHOT_WINDOW_BYTES {
            return None;
        }
        let piece = &self.packed[self.sent..end];
        self.sent = end;
        Some(piece)
    }

    /// So many bytes have come; `false` if that cannot be, or is told too often.
    pub(crate) fn received(&mut self, bytes: u64) -> bool {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let enough =
            bytes == self.packed.len() || bytes >= self.received + SNAPSHOT_WINDOW_BYTES / 4;
        let told = enough && (self.received + 1..=self.sent).contains(&bytes);
        if told {
            self.received = bytes;
        }
        told
    }

    /// Whether all of it has come.
    pub(crate) fn is_over(&self) -> bool {
        self.received == self.packed.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn download(bytes: usize) -> Download {
        Download::new(vec![7; bytes].into())
    }

    /// Everything goes out once, and never more than a window before the player has told of it.
    #[test]
    fn a_window_is_under_way() {
        let length = 3 * SNAPSHOT_WINDOW_BYTES + 5;
        let (mut download, mut came, mut told) = (download(length), 0, 0);
        while came < length {
            while let Some(piece) = download.piece() {
                came += piece.len();
            }
            assert!(came == length || came - told == SNAPSHOT_WINDOW_BYTES);
            told = came;
            assert!(download.received(told as u64));
        }
        assert_eq!((came, download.piece()), (length, None));
    }

    #[test]
    fn what_cannot_have_come_is_a_lie() {
        let mut download = download(2 * SNAPSHOT_WINDOW_BYTES);
        assert!(!download.received(1), "nothing was sent");
        while download.piece().is_some() {}
        let quarter = SNAPSHOT_WINDOW_BYTES as u64 / 4;
        assert!(!download.received(quarter - 1), "told too often");
        assert!(download.received(quarter));
        assert!(!download.received(quarter), "told twice");
        assert!(!download.received(SNAPSHOT_WINDOW_BYTES as u64 + 1));
        assert!(!download.received(u64::MAX));
        assert!(download.received(SNAPSHOT_WINDOW_BYTES as u64));
    }
}
