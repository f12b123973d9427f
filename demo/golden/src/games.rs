//! Matches of bots, played as a late player plays them: predicted, rolled back, confirmed. The
//! checksums of the confirmed ticks, and now and then the whole encoded state.
//!
//! They change only when a game's rules, its bots or the canonical encoding do; raise its `VERSION`
//! then.

use std::collections::VecDeque;

use phalanx::duel::Duel;
use phalanx::skirmish::Skirmish;
use phalanx_engine::input::PackedInput;
use phalanx_engine::{
    Entry, FrameHash, GameIdentity, Input, Log, Provenance, Repeat, SealedCommand, SealedFrame,
    Setup, Simulation, Slot, Tick, TickRate, Timeline, Window, to_bytes,
};

use crate::{Component, Tape};

/// Length of a match, seconds. There is a brief line every second.
const SECONDS: u64 = 60;

const DUEL: TickRate = TickRate::hz(60);
const SKIRMISH: TickRate = TickRate::hz(20);

/// Ticks of a second.
const fn second(rate: TickRate) -> u64 {
    (rate.numerator() / rate.denominator()) as u64
}

/// A sealed frame arrives this many ticks after the player predicted its tick.
const LATE_TICKS: u64 = 5;

/// Longer than what is late, so that nothing stalls.
const WINDOW: Window = Window {
    ticks: 8,
    repeat: Repeat { ticks: 30 },
};

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("duel.bytes", |tape| duel(4, 3).play(tape, bytes)),
    Component::new("duel.2", |tape| duel(1, 2).play(tape, checksum)).line_every(second(DUEL)),
    Component::new("duel.4", |tape| duel(2, 4).play(tape, checksum)).line_every(second(DUEL)),
    Component::new("duel.8", |tape| duel(3, 8).play(tape, checksum)).line_every(second(DUEL)),
    Component::new("skirmish.bytes", |tape| {
        skirmish(4, 3, 64).play(tape, bytes);
    }),
    Component::new("skirmish.2", |tape| skirmish(1, 2, 64).play(tape, checksum))
        .line_every(second(SKIRMISH)),
    Component::new("skirmish.8", |tape| {
        skirmish(2, 8, 400).play(tape, checksum);
    })
    .line_every(second(SKIRMISH)),
];

fn duel(seed: u64, slots: u8) -> Match<Duel> {
    let rate = DUEL;
    Match::new(|| Duel, Setup::new(seed, slots, rate))
}

fn skirmish(seed: u64, slots: u8, units: u32) -> Match<Skirmish> {
    let rate = SKIRMISH;
    Match::new(|| Skirmish { units }, Setup::new(seed, slots, rate))
}

/// Notes the checksum of a confirmed tick.
fn checksum<S: Simulation>(timeline: &mut Timeline<S>, tick: Tick, tape: &mut Tape<'_>) {
    let checksum = timeline.digest(tick).expect("confirmed just now");
    tape.note(&checksum.0);
}

/// Notes the whole state after a confirmed tick, every 50 ticks.
fn bytes<S: Simulation>(timeline: &mut Timeline<S>, tick: Tick, tape: &mut Tape<'_>) {
    if tick.0.is_multiple_of(50) {
        let state = timeline.look(tick, |state| tape.note(state));
        state.expect("confirmed just now");
    }
}

struct Match<S: Simulation> {
    rules: S,
    timeline: Timeline<S>,
    log: Log,
    /// Sealed and on their way to the player.
    late: VecDeque<SealedFrame>,
    setup: Setup,
    noted: Tick,
    /// Per slot the number of its next command.
    sequences: Vec<u64>,
}

type Note<S> = fn(&mut Timeline<S>, Tick, &mut Tape<'_>);

impl<S: Simulation> Match<S> {
    fn new(rules: impl Fn() -> S, setup: Setup) -> Self {
        Self {
            timeline: Timeline::new(rules(), &setup, WINDOW).expect("a valid window"),
            log: Log::new(
                FrameHash::genesis(&GameIdentity::of(&rules()), &setup),
                setup.first,
            ),
            rules: rules(),
            late: VecDeque::new(),
            setup,
            noted: Tick::ZERO,
            sequences: vec![0; setup.slots.into()],
        }
    }

    fn play(mut self, tape: &mut Tape<'_>, note: Note<S>) {
        let end = Tick(SECONDS * second(self.setup.rate));
        for tick in Tick::ZERO.until(end) {
            self.seal(tick);
            if tick >= Tick(LATE_TICKS) {
                self.receive();
            }
            self.advance(tick.next());
            self.note(tape, note);
        }
        while !self.late.is_empty() {
            self.receive();
            self.advance(end);
            self.note(tape, note);
        }
        assert_eq!(self.timeline.confirmed(), end);
        let stats = self.timeline.stats();
        assert!(stats.rollbacks > end.0 / 10, "{stats:?} is hardly a match");
    }

    /// What everybody does at `tick`, as they see the predicted world.
    fn seal(&mut self, tick: Tick) {
        let mut frame = SealedFrame::empty(self.log.head());
        frame.tick = tick;
        for slot in Slot::all(self.setup.slots) {
            let state = self.timeline.state();
            let input = self.rules.bot(state, slot);
            let orders = self.rules.bot_commands(state, slot);
            let numbers = &mut self.sequences[usize::from(slot.0)];
            frame.commands.extend(orders.iter().map(|order| {
                let sequence = *numbers;
                *numbers += 1;
                let bytes = to_bytes(order);
                SealedCommand {
                    slot,
                    sequence,
                    stamped: tick,
                    bytes,
                }
            }));
            if slot == Slot(0) {
                self.timeline.provide(tick, slot, input); // The player's own.
            }
            if tick == Tick::ZERO {
                frame.entries.push(Entry::Join(slot));
            }
            let mut packed = PackedInput::default();
            let packed = packed.slice_mut(S::Input::BYTES);
            input.pack(packed);
            frame.inputs.extend_from_slice(packed);
            frame.provenance.push(Provenance::Real);
        }
        self.log.append(&frame);
        self.late.push_back(frame);
    }

    fn receive(&mut self) {
        if let Some(frame) = self.late.pop_front() {
            self.timeline.seal(&frame).expect("a frame in its window");
        }
    }

    fn advance(&mut self, to: Tick) {
        while self.timeline.next() < to {
            self.timeline.advance().expect("within the window");
        }
    }

    fn note(&mut self, tape: &mut Tape<'_>, note: Note<S>) {
        for tick in self.noted.until(self.timeline.confirmed()) {
            note(&mut self.timeline, tick, tape);
        }
        self.noted = self.timeline.confirmed();
    }
}
