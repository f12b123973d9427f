//! [`Sealer`]: fixes one tick after the other and keeps the log.

use phalanx_engine::limits::{COMMAND_BYTES_PER_FRAME_MAX, COMMANDS_PER_FRAME_MAX, ENTRIES_MAX};
use phalanx_engine::{
    CommandWay, Entry, FrameHash, Log, Provenance, SealedCommand, SealedFrame, Slot, Tick,
};

use super::seat::Seat;
use crate::config::{LatePolicy, SessionConfig};
use crate::limits::FRAMES_KEPT;
use crate::ring::position;
use crate::time::Time;
use crate::wire::{FrameShape, blank_frame};

/// Sealed frames: the newest at hand, all in the log.
#[derive(Clone, Debug)]
pub(crate) struct Sealer {
    shape: FrameShape,
    log: Log,
    /// Neutral inputs of all slots.
    neutral: Vec<u8>,
    /// The newest frames and when they were sealed, in a ring by tick.
    recent: Vec<(SealedFrame, Time)>,
    /// Whose commands are taken first next time: see [`take_commands`].
    turn: usize,
}

impl Sealer {
    pub(crate) fn new(config: &SessionConfig) -> Self {
        let shape = config.shape();
        let blank = (blank_frame(shape, &config.neutral), Time::ZERO);
        let kept = usize::try_from(FRAMES_KEPT).unwrap_or(0);
        Self {
            shape,
            log: Log::new(config.genesis(), config.setup.first),
            neutral: config.neutral.repeat(shape.slots.into()),
            recent: vec![blank; kept],
            turn: 0,
        }
    }

    /// One that goes on with a `log` of this session.
    pub(crate) fn go_on(config: &SessionConfig, log: Log) -> Self {
        let mut sealer = Self::new(config);
        let kept = log.next().saturating_sub(FRAMES_KEPT).max(log.first());
        for tick in kept.until(log.next()) {
            let (frame, _) = &mut sealer.recent[position(tick, FRAMES_KEPT)];
            log.read(tick, frame).expect("the log can be read");
        }
        Self { log, ..sealer }
    }

    /// The tick that is sealed next.
    pub(crate) const fn next(&self) -> Tick {
        self.log.next()
    }

    /// The first tick of the session.
    pub(crate) const fn first(&self) -> Tick {
        self.log.first()
    }

    pub(crate) const fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn reserve(&mut self, ticks: u32) {
        // Header, hash, counts; per slot provenance and input.
        let slots = u32::from(self.shape.slots);
        self.log
            .reserve(ticks, 64 + slots * (1 + self.shape.input_bytes));
    }

    /// Neutral inputs of all slots.
    pub(crate) fn neutral(&self) -> &[u8] {
        &self.neutral
    }

    /// The oldest tick at hand.
    pub(crate) fn kept_from(&self) -> Tick {
        self.next().saturating_sub(FRAMES_KEPT).max(self.first())
    }

    /// A frame at hand.
    ///
    /// # Panics
    /// If it is not between [`Sealer::kept_from`] and [`Sealer::next`].
    pub(crate) fn frame(&self, tick: Tick) -> &SealedFrame {
        let frame = &self.recent[position(tick, FRAMES_KEPT)].0;
        assert_eq!(frame.tick, tick, "only frames at hand are asked for");
        frame
    }

    /// When a frame at hand was sealed.
    pub(crate) fn sealed_at(&self, tick: Tick) -> Time {
        self.recent[position(tick, FRAMES_KEPT)].1
    }

    /// Inputs of the tick before `tick`, neutral before the first.
    pub(crate) fn inputs_before(&self, tick: Tick) -> &[u8] {
        match tick.previous_since(self.first()) {
            Some(before) => &self.frame(before).inputs,
            None => &self.neutral,
        }
    }

    /// The hash that the frame of `tick` carries, of a sealed one or the next.
    pub(crate) fn head_before(&self, tick: Tick, scratch: &mut SealedFrame) -> FrameHash {
        if self.read(tick, scratch) {
            scratch.previous
        } else {
            self.log.head()
        }
    }

    /// Reads any frame from the log.
    pub(crate) fn read(&self, tick: Tick, frame: &mut SealedFrame) -> bool {
        // The log is ours and in memory: it reads what it wrote.
        self.log.read(tick, frame).expect("the log can be read")
    }

    /// Seals the next tick from what has arrived; of a pause nothing is: inputs are neutral, and commands
    /// wait.
    pub(crate) fn seal(
        &mut self,
        now: Time,
        config: &SessionConfig,
        entries: &mut Vec<Entry>,
        seats: &mut [Seat],
        paused: bool,
    ) {
        let tick = self.next();
        let before = tick.previous_since(self.first());
        let before = before.map(|before| position(before, FRAMES_KEPT));
        let (mut frame, _) = core::mem::replace(
            &mut self.recent[position(tick, FRAMES_KEPT)],
            (SealedFrame::empty(self.log.head()), now),
        );
        frame.tick = tick;
        frame.epoch = config.epoch;
        frame.previous = self.log.head();
        frame.entries.clear();
        frame.entries.append(entries);
        // The log would be one that nobody can read.
        assert!(
            frame.entries.len() <= ENTRIES_MAX as usize,
            "one entry of a slot"
        );
        for seat in &mut *seats {
            seat.commands.allow(now, config.rules.commands);
        }
        frame.commands.clear();
        if !paused {
            take_commands(tick, seats, &mut self.turn, &mut frame.commands);
        }
        frame.provenance.clear();
        for (slot, seat) in Slot::all(self.shape.slots).zip(&mut *seats) {
            let range = self.shape.range(slot);
            let last = match before {
                Some(before) => &self.recent[before].0.inputs[range.clone()],
                None => &self.neutral[range.clone()],
            };
            let value = &mut frame.inputs[range];
            let provenance = if paused {
                value.copy_from_slice(&config.neutral);
                seat.missing = seat.missing.saturating_add(1);
                seat.sealed(tick, false);
                seat.stats.paused += 1;
                Provenance::Neutral
            } else {
                let provenance = fill(config, seat, tick, last, value);
                seat.stats.count(seat.presence, provenance);
                provenance
            };
            frame.provenance.push(provenance);
        }
        self.log.append(&frame);
        self.recent[position(tick, FRAMES_KEPT)] = (frame, now);
    }
}

/// Takes the commands that are due at `tick`, as many as a frame has room for; the rest comes with the
/// next ones. The ways of all slots are served in turn, one command each before any has a second one. Where
/// the room is too small for a command, shorter ones of others still go; `turn` begins there next time, when
/// the frame is empty, so that none waits for more frames than there are ways.
fn take_commands(
    tick: Tick,
    seats: &mut [Seat],
    turn: &mut usize,
    commands: &mut Vec<SealedCommand>,
) {
    const WAYS: usize = CommandWay::ALL.len();
    let mut room = u64::from(COMMAND_BYTES_PER_FRAME_MAX);
    let mut left_out = None;
    // So many in a row had nothing that there is room for.
    let mut passed = 0;
    while passed < seats.len() * WAYS && commands.len() < COMMANDS_PER_FRAME_MAX as usize {
        let (seat, way) = (&mut seats[*turn / WAYS], CommandWay::ALL[*turn % WAYS]);
        let orders = seat.orders();
        let inbox = &mut seat.commands;
        match inbox.due(way, tick).filter(|_| orders) {
            Some(bytes) if bytes <= room => {
                commands.extend(inbox.take(way));
                room -= bytes;
                passed = 0;
            }
            due => {
                left_out = left_out.or(due.map(|_| *turn));
                passed += 1;
            }
        }
        *turn = (*turn + 1) % (seats.len() * WAYS);
    }
    *turn = left_out.unwrap_or(*turn);
    commands.sort_by_key(SealedCommand::place);
}

/// Decides what `slot` did in `tick`: its own input, else by the policy.
fn fill(
    config: &SessionConfig,
    seat: &mut Seat,
    tick: Tick,
    last: &[u8],
    value: &mut [u8],
) -> Provenance {
    let awaited = seat.is_awaited(tick);
    if seat.plays()
        && let Some(input) = seat.input(tick)
    {
        value.copy_from_slice(input);
        seat.missing = 0;
        seat.sealed(tick, false);
        return Provenance::Real;
    }
    seat.sealed(tick, awaited);
    seat.missing = seat.missing.saturating_add(1);
    if !awaited || config.rules.policy == LatePolicy::Neutral {
        value.copy_from_slice(&config.neutral);
        return Provenance::Neutral;
    }
    value.copy_from_slice(last);
    config
        .rules
        .repeat
        .fill(value, seat.missing, &config.neutral, &config.repeat_mask)
}

/// A frame to read into.
pub(crate) fn scratch_frame(config: &SessionConfig) -> SealedFrame {
    blank_frame(config.shape(), &config.neutral)
}

#[cfg(test)]
mod tests;
