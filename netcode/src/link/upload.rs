//! [`Upload`]: a snapshot on its way to the relay, so slowly that the game does not notice.

use core::time::Duration;

use crate::limits::SNAPSHOT_PIECE_BYTES;
use crate::time::Time;

/// Sent piece by piece, each when its time has come.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    packed: Vec<u8>,
    sent: usize,
    due: Time,
    /// From one piece to the next.
    interval: Duration,
}

impl Upload {
    /// Begins at `now`.
    pub(crate) fn new(now: Time, packed: Vec<u8>, bytes_per_s: u32) -> Self {
        let nanos = SNAPSHOT_PIECE_BYTES as u64 * 1_000_000_000 / u64::from(bytes_per_s.max(1));
        Self {
            packed,
            sent: 0,
            due: now,
            interval: Duration::from_nanos(nanos),
        }
    }

    /// When the next piece goes.
    pub(crate) const fn due(&self) -> Time {
        self.due
    }

    /// The next piece, if it is due, and how many bytes come after it.
    pub(crate) fn piece(&mut self, now: Time) -> Option<(u64, &[u8])> {
        if now < self.due {
            return None;
        }
        // What a sleep held up is not made up for.
        self.due = now + self.interval;
        let rest = &self.packed[self.sent..];
        let piece = &rest[..rest.len().min(SNAPSHOT_PIECE_BYTES)];
        self.sent += piece.len();
        Some(((rest.len() - piece.len()) as u64, piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_go_at_the_given_rate_and_none_twice() {
        let packed: Vec<u8> = (0..SNAPSHOT_PIECE_BYTES * 3 + 5)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let begin = Time::from_nanos(7);
        let mut upload = Upload::new(begin, packed.clone(), 64 * 1024);
        let (mut came, mut left) = (Vec::new(), u64::MAX);
        while left > 0 {
            let now = upload.due();
            let (after, piece) = upload.piece(now).unwrap();
            (left, came) = (after, [&came, piece].concat());
            assert_eq!(left, (packed.len() - came.len()) as u64);
            assert_eq!(upload.piece(now), None);
        }
        assert_eq!(came, packed);
        assert_eq!(upload.due().since(begin), Duration::from_millis(500));
    }
}
