//! Matches between bots, played as a late player plays them: predicted, rolled back, confirmed. The
//! checksums of the confirmed ticks.
//!
//! They change only when the rules, the bots or the canonical encoding do; raise the game's `VERSION`
//! then.

use std::collections::VecDeque;

use phalanx::duel::Duel;
use phalanx::skirmish::Skirmish;
use phalanx_engine::{
    Entry, FrameHash, GameIdentity, Input, Log, Provenance, Repeat, SealedCommand, SealedFrame,
    Setup, Simulation, Slot, Tick, TickRate, Timeline, Window, to_bytes,
};

use crate::{Component, Tape};

/// How long every match lasts.
const SECONDS: u64 = 60;

/// A sealed frame arrives this many ticks after the player predicted its tick.
const LATE_TICKS: u64 = 5;

/// Longer than what is late, so that nothing stalls.
const WINDOW: Window = Window {
    ticks: 8,
    repeat: Repeat { ticks: 30 },
};

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("duel.2", |tape| duel(1, 2).play(tape)).line_every(DUEL_HZ),
    Component::new("duel.4", |tape| duel(2, 4).play(tape)).line_every(DUEL_HZ),
    Component::new("duel.8", |tape| duel(3, 8).play(tape)).line_every(DUEL_HZ),
    Component::new("skirmish.2", |tape| skirmish(4, 2).play(tape)).line_every(SKIRMISH_HZ),
    Component::new("skirmish.8", |tape| skirmish(5, 8).play(tape)).line_every(SKIRMISH_HZ),
];

/// Ticks per second; a brief line for each second.
const DUEL_HZ: u64 = 60;
/// The same.
const SKIRMISH_HZ: u64 = 20;

fn duel(seed: u64, slots: u8) -> Match<Duel> {
    Match::new(|| Duel, seed, slots, DUEL_HZ)
}

fn skirmish(seed: u64, slots: u8) -> Match<Skirmish> {
    Match::new(Skirmish::default, seed, slots, SKIRMISH_HZ)
}

struct Match<S: Simulation> {
    timeline: Timeline<S>,
    log: Log,
    /// Sealed and on their way to the player.
    late: VecDeque<SealedFrame>,
    slots: u8,
    /// How many commands each slot gave.
    given: Vec<u64>,
    ticks: Tick,
    noted: Tick,
}

impl<S: Simulation> Match<S> {
    fn new(rules: impl Fn() -> S, seed: u64, slots: u8, hz: u64) -> Self {
        let rate = TickRate::hz(u32::try_from(hz).expect("a rate"));
        let setup = Setup { seed, slots, rate };
        let genesis = FrameHash::genesis(&GameIdentity::of(&rules()), &setup);
        Self {
            timeline: Timeline::new(rules(), &setup, WINDOW).expect("a valid window"),
            log: Log::new(genesis),
            late: VecDeque::new(),
            slots,
            given: vec![0; slots.into()],
            ticks: Tick(SECONDS * hz),
            noted: Tick::ZERO,
        }
    }

    fn play(mut self, tape: &mut Tape<'_>) {
        for tick in Tick::ZERO.until(self.ticks) {
            self.seal(tick);
            if tick >= Tick(LATE_TICKS) {
                self.receive();
            }
            self.advance(tick.next());
            self.note(tape);
        }
        while !self.late.is_empty() {
            self.receive();
            self.advance(self.ticks);
            self.note(tape);
        }
        assert_eq!(self.timeline.confirmed(), self.ticks);
        let stats = self.timeline.stats();
        assert!(
            stats.rollbacks > self.ticks.0 / 10,
            "{stats:?} is hardly a match"
        );
    }

    /// What everybody does at `tick`, as they see the predicted world.
    fn seal(&mut self, tick: Tick) {
        let mut frame = SealedFrame::empty(self.log.head());
        frame.tick = tick;
        frame.commands = self.orders();
        for slot in Slot::all(self.slots) {
            let input = self.timeline.simulation().bot(self.timeline.state(), slot);
            if slot == Slot(0) {
                self.timeline.provide(tick, slot, input); // The player's own.
            }
            if tick == Tick::ZERO {
                frame.entries.push(Entry::Join(slot));
            }
            let packed = frame.inputs.len();
            frame.inputs.resize(packed + S::Input::BYTES as usize, 0);
            input.pack(&mut frame.inputs[packed..]);
            frame.provenance.push(Provenance::Real);
        }
        self.log.append(&frame);
        self.late.push_back(frame);
    }

    /// What everybody orders.
    fn orders(&mut self) -> Vec<SealedCommand> {
        let (simulation, state) = (self.timeline.simulation(), self.timeline.state());
        let mut orders = Vec::new();
        for (slot, given) in Slot::all(self.slots).zip(&mut self.given) {
            for command in simulation.bot_commands(state, slot) {
                let (sequence, bytes) = (*given, to_bytes(&command));
                orders.push(SealedCommand {
                    slot,
                    sequence,
                    bytes,
                });
                *given += 1;
            }
        }
        orders
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

    fn note(&mut self, tape: &mut Tape<'_>) {
        for tick in self.noted.until(self.timeline.confirmed()) {
            let checksum = self.timeline.digest(tick).expect("confirmed just now");
            tape.note(&checksum.0);
        }
        self.noted = self.timeline.confirmed();
    }
}
