//! [`Uplink`]: the inputs that this client stamped and the relay has not acknowledged.

use phalanx_engine::Tick;

use crate::limits::{DATAGRAM_BYTES_MAX, INPUTS_AHEAD_MAX, INPUTS_KEPT, INPUTS_PER_DATAGRAM_MAX};
use crate::ring::position;
use crate::wire::{BitWriter, InputHeader};

/// Stamped inputs, packed, in a ring by tick.
#[derive(Clone, Debug)]
pub(crate) struct Uplink {
    input_bytes: usize,
    neutral: Vec<u8>,
    values: Vec<u8>,
    /// The first tick that was stamped.
    first: Tick,
    /// The tick after the last one.
    next: Tick,
    /// The relay has every input before this one.
    acked: Tick,
    /// Whether the relay waits for inputs that come late.
    waits: bool,
}

impl Uplink {
    /// Nothing stamped yet; `first` will be the first tick. `waits` says whether the relay waits for
    /// inputs that come late.
    pub(crate) fn new(neutral: Vec<u8>, first: Tick, waits: bool) -> Self {
        let kept = usize::try_from(INPUTS_KEPT).unwrap_or(0);
        Self {
            input_bytes: neutral.len(),
            values: neutral.repeat(kept),
            neutral,
            first,
            next: first,
            acked: first,
            waits,
        }
    }

    fn value(&self, tick: Tick) -> &[u8] {
        let start = position(tick, INPUTS_KEPT) * self.input_bytes;
        &self.values[start..start + self.input_bytes]
    }

    /// The input before `tick`, neutral before the first one.
    fn before(&self, tick: Tick) -> &[u8] {
        match tick.previous() {
            Some(before) if before >= self.first => self.value(before),
            _ => &self.neutral,
        }
    }

    /// Whether the relay waits for inputs, and as many are under way as it takes beyond those that it has. More
    /// would be lost to it: it takes no later ones, and no more are kept here.
    pub(crate) const fn is_full(&self) -> bool {
        self.waits && self.next.since(self.acked) >= INPUTS_AHEAD_MAX.cast_signed()
    }

    /// The tick that is stamped next.
    pub(crate) const fn next(&self) -> Tick {
        self.next
    }

    /// Adds the input of the next tick, or of a later one: what is between will never be stamped, and
    /// what the relay does not have by now is given up.
    pub(crate) fn stamp(&mut self, tick: Tick, packed: &[u8]) {
        assert!(tick >= self.next, "every tick is stamped once, in order");
        if tick > self.next {
            (self.first, self.acked) = (tick, tick);
        }
        let start = position(tick, INPUTS_KEPT) * self.input_bytes;
        self.values[start..start + self.input_bytes].copy_from_slice(packed);
        self.next = tick.next();
    }

    /// The relay has every input before `next`. More than was sent is a lie.
    pub(crate) fn acknowledge(&mut self, next: Tick) -> bool {
        self.acked = self.acked.max(next.min(self.next));
        next <= self.next
    }

    /// Fills in which inputs the next datagram carries: those that are not acknowledged and whose
    /// ticks are not sealed as far as the header says. If there are too many beside `votes` votes and
    /// `reserved` bytes, it is the oldest ones where the relay waits for them, and else the newest: those
    /// before were under way several times, and would come too late.
    pub(crate) fn plan(&self, header: &mut InputHeader, votes: u64, reserved: usize) {
        // The value before the first one has to be kept, too.
        let kept = self.next.saturating_sub(INPUTS_KEPT - 1);
        let mut first = self.acked.max(header.frames_next).max(kept).min(self.next);
        // Room beside the header and the votes, in bits.
        let room = (DATAGRAM_BYTES_MAX - reserved) as u64 * 8 - 400 - votes * 65;
        loop {
            header.first = first;
            header.acked_baseline = first == self.acked && first > self.first;
            let end = self.end(header, room);
            header.count = end.0 - first.0;
            if self.waits || end == self.next {
                break;
            }
            first += self.next.0 - end.0;
        }
    }

    /// The tick after the last one that fits into `room` bits behind the header.
    fn end(&self, header: &InputHeader, mut room: u64) -> Tick {
        let most = self.next.min(header.first + INPUTS_PER_DATAGRAM_MAX);
        let mut fits = |tick: &Tick| {
            let left = room.checked_sub(self.bits(header, *tick));
            room = left.unwrap_or(room);
            left.is_some()
        };
        let overflow = header.first.until(most).find(|tick| !fits(tick));
        overflow.unwrap_or(most)
    }

    /// What the input of `tick` is written against.
    fn baseline(&self, header: &InputHeader, tick: Tick) -> &[u8] {
        if tick == header.first && !header.acked_baseline {
            &self.neutral
        } else {
            self.before(tick)
        }
    }

    /// How many bits the input of `tick` takes.
    fn bits(&self, header: &InputHeader, tick: Tick) -> u64 {
        let (before, value) = (self.baseline(header, tick), self.value(tick));
        let changed = before.iter().zip(value);
        let changed = changed.filter(|(before, value)| before != value).count();
        1 + match changed {
            0 => 0,
            changed => (8 * changed + self.input_bytes) as u64,
        }
    }

    /// Writes the inputs that [`Uplink::plan`] chose.
    pub(crate) fn write(&self, header: &InputHeader, bits: &mut BitWriter<'_>) {
        for tick in header.first.until(header.first + header.count) {
            bits.put_delta(self.baseline(header, tick), self.value(tick));
        }
    }
}
