//! Matches of duel between bots, played as a late player plays them: predicted, rolled back,
//! confirmed. The checksums of the confirmed ticks.
//!
//! They change only when the rules, the bots or the canonical encoding do; raise `Duel::VERSION`
//! then.

use std::collections::VecDeque;

use phalanx::duel::Duel;
use phalanx_engine::{
    Entry, FrameHash, GameIdentity, Input, Log, Provenance, Repeat, SealedFrame, Setup, Simulation,
    Slot, Tick, TickRate, Timeline, Window,
};

use crate::{Component, Tape};

/// A minute.
const TICKS: u64 = 3600;

/// A brief line every second.
const TICKS_PER_LINE: u64 = 60;

/// A sealed frame arrives this many ticks after the player predicted its tick.
const LATE_TICKS: u64 = 5;

/// Longer than what is late, so that nothing stalls.
const WINDOW: Window = Window {
    ticks: 8,
    repeat: Repeat { ticks: 30 },
};

pub(crate) const COMPONENTS: &[Component] = &[
    Component::new("duel.2", |tape| Match::new(1, 2).play(tape)).line_every(TICKS_PER_LINE),
    Component::new("duel.4", |tape| Match::new(2, 4).play(tape)).line_every(TICKS_PER_LINE),
    Component::new("duel.8", |tape| Match::new(3, 8).play(tape)).line_every(TICKS_PER_LINE),
];

struct Match {
    timeline: Timeline<Duel>,
    log: Log,
    /// Sealed and on their way to the player.
    late: VecDeque<SealedFrame>,
    slots: u8,
    noted: Tick,
}

impl Match {
    fn new(seed: u64, slots: u8) -> Self {
        let rate = TickRate::hz(60);
        let setup = Setup { seed, slots, rate };
        Self {
            timeline: Timeline::new(Duel, &setup, WINDOW).expect("a valid window"),
            log: Log::new(FrameHash::genesis(&GameIdentity::of(&Duel), &setup)),
            late: VecDeque::new(),
            slots,
            noted: Tick::ZERO,
        }
    }

    fn play(mut self, tape: &mut Tape<'_>) {
        for tick in Tick::ZERO.until(Tick(TICKS)) {
            self.seal(tick);
            if tick >= Tick(LATE_TICKS) {
                self.receive();
            }
            self.advance(tick.next());
            self.note(tape);
        }
        while !self.late.is_empty() {
            self.receive();
            self.advance(Tick(TICKS));
            self.note(tape);
        }
        assert_eq!(self.timeline.confirmed(), Tick(TICKS));
        let stats = self.timeline.stats();
        assert!(stats.rollbacks > TICKS / 10, "{stats:?} is hardly a match");
    }

    /// What everybody does at `tick`, as they see the predicted world.
    fn seal(&mut self, tick: Tick) {
        let mut frame = SealedFrame::empty(self.log.head());
        frame.tick = tick;
        for slot in Slot::all(self.slots) {
            let pad = Duel.bot(self.timeline.state(), slot);
            if slot == Slot(0) {
                self.timeline.provide(tick, slot, pad); // The player's own.
            }
            if tick == Tick::ZERO {
                frame.entries.push(Entry::Join(slot));
            }
            let mut packed = [0];
            pad.pack(&mut packed);
            frame.inputs.extend(packed);
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

    fn note(&mut self, tape: &mut Tape<'_>) {
        for tick in self.noted.until(self.timeline.confirmed()) {
            let checksum = self.timeline.digest(tick).expect("confirmed just now");
            tape.note(&checksum.0);
        }
        self.noted = self.timeline.confirmed();
    }
}
