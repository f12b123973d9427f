//! [`Upload`]: a snapshot on its way to the relay, so slowly that the game does not notice.

use core::time::Duration;

use phalanx_engine::Tick;

use crate::limits::{SNAPSHOT_PIECE_BYTES, UPLOAD_WINDOW_BYTES};
use crate::time::Time;

/// Sent piece by piece, each when its time has come, and not much more than the relay has told of.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    tick: Tick,
    packed: Vec<u8>,
    sent: usize,
    received: usize,
    /// When the next piece goes, if the relay has told of enough.
    due: Time,
    /// From one piece to the next.
    interval: Duration,
}

impl Upload {
    /// Of the world after `tick`; begins at `now`.
    pub(crate) fn new(now: Time, tick: Tick, packed: Vec<u8>, bytes_per_s: u32) -> Self {
        let nanos = SNAPSHOT_PIECE_BYTES as u64 * 1_000_000_000 / u64::from(bytes_per_s.max(1));
        Self {
            tick,
            packed,
            sent: 0,
            received: 0,
            due: now,
            interval: Duration::from_nanos(nanos),
        }
    }

    /// Of the world after this tick.
    pub(crate) const fn tick(&self) -> Tick {
        self.tick
    }

    /// When the next piece goes.
    pub(crate) const fn due(&self) -> Time {
        if self.sent >= self.received + UPLOAD_WINDOW_BYTES {
            Time::NEVER
        } else {
            self.due
        }
    }

    /// The next piece, if it is due, and how many bytes come after it.
    pub(crate) fn piece(&mut self, now: Time) -> Option<(u64, &[u8])> {
        if now < self.due() {
            return None;
        }
        // What a sleep held up is not made up for.
        self.due = now + self.interval;
        let rest = &self.packed[self.sent..];
        let piece = &rest[..rest.len().min(SNAPSHOT_PIECE_BYTES)];
        self.sent += piece.len();
        Some(((rest.len() - piece.len()) as u64, piece))
    }

    /// So many bytes have come; `false` if that cannot be.
    pub(crate) fn received(&mut self, bytes: u64) -> bool {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.received = self.received.max(bytes.min(self.sent));
        bytes <= self.sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_go_at_the_given_rate_and_none_twice() {
        let length = SNAPSHOT_PIECE_BYTES * 3 + 5;
        let packed: Vec<u8> = (0..length)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let begin = Time::from_nanos(7);
        let mut upload = Upload::new(begin, Tick(9), packed.clone(), 64 * 1024);
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

    /// A way up that is slower than the given rate does not fill what waits for it.
    #[test]
    fn no_more_is_under_way_than_a_window() {
        let mut upload = Upload::new(
            Time::ZERO,
            Tick(9),
            vec![0; 10 * UPLOAD_WINDOW_BYTES],
            1 << 20,
        );
        assert!(!upload.received(1), "nothing was sent");
        let mut came = 0;
        for told in [UPLOAD_WINDOW_BYTES / 2, UPLOAD_WINDOW_BYTES] {
            while upload.due() != Time::NEVER {
                came += upload.piece(upload.due()).unwrap().1.len();
            }
            assert_eq!(came, upload.received + UPLOAD_WINDOW_BYTES);
            assert!(upload.received(told as u64));
        }
        assert!(!upload.received(came as u64 + 1));
    }
}
