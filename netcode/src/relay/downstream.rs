//! [`Downstream`]: what the relay has to tell one client: frames, forwarded inputs, news.

use std::collections::VecDeque;

use phalanx_engine::{Encoder, SealedFrame, Slot, Tick};

use super::reporter::Reporter;
use super::sealer::Sealer;
use super::seat::Seat;
use crate::limits::{
    DATAGRAM_BYTES_MAX, FORWARDING_SLOTS_MAX, FRAGMENT_RESEND_INTERVAL,
    FRAME_DATAGRAMS_AT_ONCE_MAX, FRAMES_PER_DATAGRAM_MAX, PROVISIONAL_TICKS_MAX, RESEND_INTERVAL,
    STREAM_FALLBACK_AFTER, STREAMED_BYTES_MAX, STREAMED_FRAMES_MAX,
};
use crate::link::PROVISIONAL_COUNT_BITS;
use crate::time::Time;
use crate::wire::{
    Arrival, Arrivals, BitWriter, CommandNumbers, Datagram, FragmentHeader, FrameShape,
    FramesWriter, FromRelay, RelayHeader, encode_control,
};

/// Room in a datagram for frames: the rest is for forwarded inputs.
const FRAMES_BYTES_MAX: usize = DATAGRAM_BYTES_MAX * 3 / 4;

/// Room in one fragment, beside its header.
const FRAGMENT_BYTES: usize = DATAGRAM_BYTES_MAX - 16;

/// Room for frames in one control message, unless the first is longer.
const STREAM_BYTES: usize = 8 * 1024;

/// What goes into the next datagram beside the frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct News {
    pub(crate) inputs_next: Tick,
    pub(crate) commands: CommandNumbers,
    pub(crate) votes_next: Tick,
    pub(crate) agreed_next: Tick,
    pub(crate) epoch: u32,
}

/// Everything the relay knows, for reading.
pub(crate) struct View<'a> {
    pub(crate) shape: FrameShape,
    pub(crate) sealer: &'a Sealer,
    pub(crate) seats: &'a [Seat],
    pub(crate) forwards: bool,
}

/// What one client was sent and has acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Downstream {
    slot: Slot,
    /// The first frame that the client is sent.
    from: Tick,
    /// The client has every frame before this one.
    acked: Tick,
    /// Frames before this one went by the stream.
    streamed: Tick,
    /// What is on the stream and not acknowledged: up to which frame each message goes, and its bytes.
    on_stream: VecDeque<(Tick, usize)>,
    /// When the client last acknowledged more, or the stream was begun.
    progressed: Time,
    /// What it is to hear of its way up.
    reporter: Reporter,
    /// When a datagram goes out next.
    send_at: Time,
    /// No extra datagram for forwarded inputs before this moment.
    forward_not_before: Time,
    /// The first frame of the next datagram of the same round, and how many were sent.
    round: Option<(Tick, u32)>,
    /// Large frames under way, and when they were sent.
    fragmented: Vec<(Tick, Time)>,
    pieces: VecDeque<(FragmentHeader, Vec<u8>)>,
    encoder: Encoder,
}

impl Downstream {
    /// Nothing sent yet to the client in `slot`, which has every frame before `first`.
    pub(crate) fn new(slot: Slot, first: Tick) -> Self {
        Self {
            slot,
            from: first,
            acked: first,
            streamed: first,
            on_stream: VecDeque::new(),
            progressed: Time::ZERO,
            reporter: Reporter::default(),
            send_at: Time::NEVER,
            forward_not_before: Time::ZERO,
            round: None,
            fragmented: Vec::new(),
            pieces: VecDeque::new(),
            encoder: Encoder::new(),
        }
    }

    /// When the client last took more.
    pub(crate) const fn progressed(&self) -> Time {
        self.progressed
    }

    /// The client has every frame before this one.
    pub(crate) const fn acked(&self) -> Tick {
        self.acked
    }

    /// When there is something to send.
    pub(crate) fn timeout(&self) -> Time {
        if self.round.is_some() || !self.pieces.is_empty() {
            Time::ZERO
        } else {
            self.send_at
        }
    }

    /// The client has every frame before `next`.
    pub(crate) fn acknowledge(&mut self, now: Time, next: Tick) {
        if next > self.acked {
            self.acked = next;
            self.progressed = now;
        }
        self.fragmented.retain(|(tick, _)| *tick >= self.acked);
        let acked = self.acked;
        while self
            .on_stream
            .pop_front_if(|(end, _)| *end <= acked)
            .is_some()
        {}
    }

    /// A datagram of the client came.
    pub(crate) fn received(&mut self, number: u16) {
        self.reporter.received(number);
    }

    /// Inputs of the client came new: it hears of them with the next datagrams.
    pub(crate) fn arrived(&mut self, arrival: Arrival) {
        self.reporter.arrived(arrival);
    }

    /// A frame was sealed: it goes out at once.
    pub(crate) fn frame_sealed(&mut self, now: Time) {
        self.send_at = now;
    }

    /// Something came that the client should hear of soon.
    pub(crate) fn acknowledge_soon(&mut self, now: Time) {
        self.send_at = self.send_at.min(now + RESEND_INTERVAL);
    }

    /// Another client's input came: it goes out at `at`, unless a frame takes it along before.
    pub(crate) fn forward(&mut self, at: Time) {
        self.send_at = self.send_at.min(at.max(self.forward_not_before));
    }

    /// The first frame that the client lacks and that is not on the stream.
    fn first_unsent(&self) -> Tick {
        self.acked.max(self.streamed)
    }

    /// Puts frames that are long overdue on the stream; they are reliable there.
    pub(crate) fn fall_back(
        &mut self,
        now: Time,
        view: &View<'_>,
        news: News,
        scratch: &mut SealedFrame,
        control: &mut Vec<u8>,
    ) {
        if self.acked < self.streamed && self.progressed + STREAM_FALLBACK_AFTER * 2 < now {
            // It had no room for them then.
            self.streamed = self.acked;
            self.on_stream.clear();
        }
        let first = self.first_unsent();
        let sealer = view.sealer;
        let limit = sealer.next().min(self.acked + STREAMED_FRAMES_MAX);
        let bytes: usize = self.on_stream.iter().map(|(_, bytes)| bytes).sum();
        if first >= limit || bytes >= STREAMED_BYTES_MAX {
            return;
        }
        let overdue =
            first < sealer.kept_from() || sealer.sealed_at(first) + STREAM_FALLBACK_AFTER < now;
        if !overdue {
            return;
        }
        if first == self.acked {
            self.progressed = now;
        }
        let mut body = Vec::new();
        let header = header(news, first, false);
        let mut bits = Datagram::frames_body(&mut body, &header);
        // Each frame is written against the one before; both are read from the log.
        let mut before = sealer.neutral().to_vec();
        let mut end = first;
        while end < limit && end < first + FRAMES_PER_DATAGRAM_MAX && sealer.read(end, scratch) {
            let mut frames = FramesWriter::new(&mut bits, view.shape, &before, &mut self.encoder);
            // One frame always goes, however large it is.
            let room = if end == first {
                usize::MAX
            } else {
                STREAM_BYTES
            };
            if !frames.put(scratch, room) {
                break;
            }
            before.clone_from(&scratch.inputs);
            end = end.next();
        }
        bits.put_bool(false);
        bits.put_bool(false);
        bits.finish();
        self.on_stream.push_back((end, body.len()));
        encode_control(&FromRelay::Frames(body), control);
        self.streamed = end;
    }

    /// Writes the next datagram, if one is due.
    pub(crate) fn write(
        &mut self,
        now: Time,
        view: &View<'_>,
        news: News,
        period: core::time::Duration,
        buffer: &mut Vec<u8>,
    ) -> bool {
        if let Some((header, piece)) = self.pieces.pop_front() {
            Datagram::fragment(buffer, header, &piece);
            return true;
        }
        let end = view.sealer.next();
        let (first, sent) = match self.round.take() {
            Some(round) => round,
            None if self.send_at <= now => {
                self.send_at = now + RESEND_INTERVAL;
                self.forward_not_before = now + period;
                (self.first_unsent(), 0)
            }
            None => return false,
        };
        // Between two datagrams of a round many frames may have been sealed, too.
        let oldest = end.saturating_sub(FRAMES_PER_DATAGRAM_MAX);
        self.fragmented.retain(|(tick, _)| *tick >= oldest);
        let mut unsent = first.max(oldest).until(end);
        let first = unsent.find(|tick| !self.is_under_way(now, *tick));
        let first = first.unwrap_or(end);
        // What it has of the frame before the first one it was sent may not be what was sealed.
        let acked_baseline = first == self.acked && first > self.from;
        let header = RelayHeader {
            arrivals: self.reporter.arrivals(),
            path: self.reporter.path(),
            ..header(news, first, acked_baseline)
        };
        let baseline = if acked_baseline {
            view.sealer.inputs_before(first)
        } else {
            view.sealer.neutral()
        };
        let mut bits = Datagram::frames(buffer, &header);
        let mut frames = FramesWriter::new(&mut bits, view.shape, baseline, &mut self.encoder);
        let mut next = first;
        while next < end && frames.put(view.sealer.frame(next), FRAMES_BYTES_MAX) {
            next = next.next();
        }
        frames.finish();
        let whole = next == end;
        self.put_provisional(&mut bits, view, end, whole);
        bits.finish();

        let stuck = !whole && next == first;
        if stuck {
            self.cut(now, view, news.epoch, first);
            next = first.next();
        }
        if !whole && sent + 1 < FRAME_DATAGRAMS_AT_ONCE_MAX && next < end {
            self.round = Some((next, sent + 1));
        }
        // An empty datagram still carries the news.
        true
    }

    /// Whether fragments of a frame were sent a moment ago.
    fn is_under_way(&self, now: Time, tick: Tick) -> bool {
        let known = self.fragmented.iter().find(|(known, _)| *known == tick);
        known.is_some_and(|(_, sent)| *sent + FRAGMENT_RESEND_INTERVAL > now)
    }

    /// Cuts a frame that is larger than a datagram into fragments, the same ones every time: a
    /// client may put it together from pieces of several times. News therefore stay out.
    fn cut(&mut self, now: Time, view: &View<'_>, epoch: u32, tick: Tick) {
        self.fragmented.retain(|(known, _)| *known != tick);
        self.fragmented.push((tick, now));
        let mut body = Vec::new();
        // No news: those of the session's beginning.
        let begin = view.sealer.log().first();
        let header = RelayHeader {
            inputs_next: begin,
            commands: CommandNumbers::default(),
            votes_next: begin,
            agreed_next: begin,
            arrivals: Arrivals::default(),
            path: None,
            epoch,
            first: tick,
            acked_baseline: false,
        };
        let mut bits = Datagram::frames_body(&mut body, &header);
        let neutral = view.sealer.neutral();
        let mut frames = FramesWriter::new(&mut bits, view.shape, neutral, &mut self.encoder);
        assert!(
            frames.put(view.sealer.frame(tick), usize::MAX),
            "there is room for any frame"
        );
        frames.finish();
        bits.put_bool(false);
        bits.finish();
        let pieces = body.chunks(FRAGMENT_BYTES);
        let count = u8::try_from(pieces.len()).expect("a frame has few fragments");
        for (index, piece) in (0..count).zip(pieces) {
            self.pieces
                .push_back((FragmentHeader { tick, index, count }, piece.to_vec()));
        }
    }

    /// Writes the other slots' inputs for ticks that are not sealed yet, as many of each as there
    /// is room for: whoever is far ahead does not take the room of the others.
    fn put_provisional(&self, bits: &mut BitWriter<'_>, view: &View<'_>, first: Tick, fits: bool) {
        let mut counts = [0; FORWARDING_SLOTS_MAX as usize];
        if fits && view.forwards {
            for ((slot, seat), count) in
                Slot::all(view.shape.slots).zip(view.seats).zip(&mut counts)
            {
                if slot != self.slot {
                    *count = provisional_ticks(seat, first);
                }
            }
            let bits_each = 1 + 9 * u64::from(view.shape.input_bytes);
            let room = (DATAGRAM_BYTES_MAX - FRAMES_BYTES_MAX) as u64 * 8 - 64;
            let need = |most: u64| -> u64 {
                let slots = counts.iter().map(|count| 5 + *count.min(&most) * bits_each);
                slots.sum()
            };
            let most = (0..=PROVISIONAL_TICKS_MAX)
                .rev()
                .find(|most| need(*most) <= room)
                .unwrap_or(0);
            counts
                .iter_mut()
                .for_each(|count| *count = most.min(*count));
        }
        let any = counts.iter().any(|count| *count > 0);
        bits.put_bool(any);
        if !any {
            return;
        }
        for ((slot, seat), count) in Slot::all(view.shape.slots).zip(view.seats).zip(counts) {
            bits.put(u32::try_from(count).unwrap_or(0), PROVISIONAL_COUNT_BITS);
            let mut before = &view.sealer.neutral()[view.shape.range(slot)];
            for tick in first.until(first + count) {
                let value = seat.input(tick).unwrap_or(before);
                bits.put_delta(before, value);
                before = value;
            }
        }
    }
}

/// A header without reports.
fn header(news: News, first: Tick, acked_baseline: bool) -> RelayHeader {
    RelayHeader {
        inputs_next: news.inputs_next,
        commands: news.commands,
        votes_next: news.votes_next,
        agreed_next: news.agreed_next,
        arrivals: Arrivals::default(),
        path: None,
        epoch: news.epoch,
        first,
        acked_baseline,
    }
}

/// How many inputs of `seat` from `first` on may be forwarded: all or nothing, since a hole cannot
/// be written.
fn provisional_ticks(seat: &Seat, first: Tick) -> u64 {
    let ahead = seat.next().since(first).max(0).unsigned_abs();
    let ahead = ahead.min(PROVISIONAL_TICKS_MAX);
    let mut ticks = first.until(first + ahead);
    if seat.plays() && ticks.all(|tick| seat.input(tick).is_some()) {
        ahead
    } else {
        0
    }
}
