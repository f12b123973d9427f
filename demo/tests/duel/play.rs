//! A match without network, rollback or digests.

use phalanx::duel::{Action, Arena, Cue, Duel, Facing, Fighter, Pad, Phase};
use phalanx_engine::{
    Effects, Entry, Fix, InputFrame, Session, Setup, Simulation, Slot, Tick, TickRate, Vec2,
};

/// Neutral.
pub(crate) const NONE: Pad = Pad {
    left: false,
    right: false,
    up: false,
    down: false,
    block: false,
    light: false,
    heavy: false,
    special: false,
};
pub(crate) const LEFT: Pad = Pad { left: true, ..NONE };
pub(crate) const RIGHT: Pad = Pad {
    right: true,
    ..NONE
};
pub(crate) const UP: Pad = Pad { up: true, ..NONE };
pub(crate) const DOWN: Pad = Pad { down: true, ..NONE };
pub(crate) const BLOCK: Pad = Pad {
    block: true,
    ..NONE
};
pub(crate) const JAB: Pad = Pad {
    light: true,
    ..NONE
};
pub(crate) const KICK: Pad = Pad {
    heavy: true,
    ..NONE
};
pub(crate) const THROW: Pad = Pad {
    special: true,
    ..NONE
};

/// A session at 60 Hz.
pub(crate) fn setup(seed: u64, slots: u8) -> Setup {
    Setup::new(seed, slots, TickRate::hz(60))
}

/// One match in progress.
pub(crate) struct Play {
    pub(crate) arena: Arena,
    pub(crate) session: Session,
    pub(crate) tick: Tick,
    /// What the newest tick told.
    pub(crate) cues: Vec<Cue>,
}

impl Play {
    /// A match before tick 0, with all slots still absent.
    pub(crate) fn empty(seed: u64, slots: u8) -> Self {
        let setup = setup(seed, slots);
        Self {
            arena: Duel.start(&setup),
            session: Session::new(&setup),
            tick: Tick::ZERO,
            cues: Vec::new(),
        }
    }

    /// A match after tick 0, in which everybody joined and did nothing.
    pub(crate) fn new(seed: u64, slots: u8) -> Self {
        let mut play = Self::empty(seed, slots);
        let joins: Vec<_> = Slot::all(slots).map(Entry::Join).collect();
        play.step_with(&joins, |_, _| NONE);
        play
    }

    /// Executes one tick.
    pub(crate) fn step_with(&mut self, entries: &[Entry], pad: impl Fn(&Arena, Slot) -> Pad) {
        self.session.begin(self.tick, entries);
        let pads: Vec<_> = Slot::all(self.session.slots())
            .map(|slot| pad(&self.arena, slot))
            .collect();
        let frame = InputFrame::new(self.tick, &self.session, entries, &[], &pads);
        let mut cues = Effects::new();
        Duel.step(&mut self.arena, &frame, &mut cues);
        self.cues = cues.take().collect();
        self.tick += 1;
    }

    /// Executes one tick in which the slots do `pads`; the others do nothing.
    pub(crate) fn step(&mut self, pads: &[Pad]) {
        self.step_with(&[], |_, slot| {
            let pad = Slot::all(u8::MAX).zip(pads).find(|(of, _)| *of == slot);
            pad.map_or(NONE, |(_, pad)| *pad)
        });
    }

    /// Executes `ticks` ticks in which the slots hold `pads`.
    pub(crate) fn hold(&mut self, ticks: u32, pads: &[Pad]) {
        (0..ticks).for_each(|_| self.step(pads));
    }

    /// Executes one tick between bots.
    pub(crate) fn step_bots(&mut self) {
        self.step_with(&[], |arena, slot| Duel.bot(arena, slot));
    }

    /// The fighter of slot `slot`.
    pub(crate) fn fighter(&self, slot: u8) -> &Fighter {
        self.arena
            .fighter(Slot(slot))
            .expect("a slot below the eighth")
    }

    /// What the fighter of slot `slot` is doing.
    pub(crate) fn action(&self, slot: u8) -> Action {
        self.fighter(slot).action
    }

    /// Whether a round is fought.
    pub(crate) fn fights(&self) -> bool {
        self.arena.round.phase == Phase::Fight
    }

    /// Two fighters face to face, slot 0 on the left, with their feet `gap` hundredths of a unit
    /// apart.
    pub(crate) fn face_to_face(gap: i32) -> Self {
        let mut play = Self::new(1, 2);
        let [left, right, ..] = &mut play.arena.fighters;
        left.pos = Vec2::new(Fix::ratio(-gap, 200), Fix::ZERO);
        right.pos = Vec2::new(Fix::ratio(gap, 200), Fix::ZERO);
        (left.facing, right.facing) = (Facing::Right, Facing::Left);
        play
    }
}
