//! Ten thousand soldiers of skirmish on the march, all of them at every tick.

use phalanx::skirmish::{Area, Battle, Kind, Order, Place, Skirmish, Who};
use phalanx_engine::{
    Effects, Encoder, Entry, Fix32, GivenCommand, InputFrame, NoInput, Node, Session, Setup,
    Simulation, Slot, State, Tick, TickRate,
};

use crate::clock::CpuTime;
use crate::session::float;

/// Soldiers of both players.
pub const SOLDIERS: u32 = 10_000;

/// How often they take a step.
pub const RATE: TickRate = TickRate::hz(20);

/// Ticks that can be undone.
const WINDOW: u64 = 8;

/// Ticks until everybody is on the way.
const BEGUN: u64 = 100;

/// After so many ticks it begins anew, before anybody arrives.
const LENGTH: u64 = 600;

/// A march whose ticks are saved and digested, and the same one in which they are not.
pub struct March {
    saved: Troops,
    plain: Troops,
    ring: Vec<<Battle as State>::Undo>,
    scratch: Encoder,
}

/// What a tick of a [`March`] takes, nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// The rules alone.
    pub step: f64,
    /// Opening and closing, and what the rules take longer in between, since what they write to is
    /// recorded.
    pub kept: f64,
}

/// The soldiers, on their way.
struct Troops {
    battle: Battle,
    session: Session,
    tick: Tick,
}

impl Troops {
    fn new() -> Self {
        let rules = Skirmish { units: SOLDIERS };
        let setup = Setup::new(1, 2, RATE);
        let mut troops = Self {
            battle: rules.start(&setup),
            session: Session::new(&setup),
            tick: Tick::ZERO,
        };
        troops
            .session
            .begin(Tick::ZERO, &[0, 1].map(|slot| Entry::Join(Slot(slot))));
        troops.step(&[]);
        // Side by side, so that they do not meet.
        let whole = Area::around(Place::ZERO, Fix32::int(10_000));
        for (slot, y) in [(Slot(0), 150), (Slot(1), -150)] {
            let who = Who::In {
                kind: Kind::Soldier,
                area: whole,
            };
            for (x, queued) in [(0, false), (150, true)] {
                let (who, to) = (who.clone(), Place::new(Fix32::int(x), Fix32::int(y)));
                troops.step(&[GivenCommand::new(slot, Order::Move { who, to, queued })]);
            }
        }
        troops
    }

    fn step(&mut self, orders: &[GivenCommand<Order>]) {
        let frame = InputFrame::new(self.tick, &self.session, &[], orders, &[NoInput; 2]);
        Skirmish { units: SOLDIERS }.step(&mut self.battle, &frame, &mut Effects::new());
        self.tick += 1;
    }
}

impl Default for March {
    fn default() -> Self {
        Self::new()
    }
}

impl March {
    /// Everybody is on the way.
    #[must_use]
    pub fn new() -> Self {
        let mut march = Self {
            saved: Troops::new(),
            plain: Troops::new(),
            ring: (0..WINDOW).map(|_| Default::default()).collect(),
            scratch: Encoder::new(),
        };
        march.cost(BEGUN);
        march
    }

    /// What each of the next `ticks` ticks takes.
    pub fn cost(&mut self, ticks: u64) -> Cost {
        if self.saved.tick.0 + ticks > LENGTH && ticks < LENGTH {
            *self = Self::new();
        }
        let (mut step, mut saved) = (0.0, 0.0);
        for _ in 0..ticks {
            let begun = CpuTime::now();
            self.plain.step(&[]);
            step += float(begun.elapsed_nanos());
            let begun = CpuTime::now();
            self.save();
            saved += float(begun.elapsed_nanos());
        }
        Cost {
            step: step / float(ticks),
            kept: (saved - step) / float(ticks),
        }
    }

    fn save(&mut self) {
        let at = usize::try_from(self.saved.tick.0 % WINDOW).unwrap_or(0);
        let undo = &mut self.ring[at];
        self.saved.battle.open(undo);
        self.saved.step(&[]);
        let root = Node::root(0, &mut self.scratch);
        self.saved.battle.close(undo, root);
    }

    /// How many soldiers are on the way; and whether both marches are at the same place.
    #[must_use]
    pub fn marching(&mut self) -> (u64, bool) {
        let mut digest = |battle: &Battle| battle.digest(Node::root(0, &mut self.scratch));
        let same = digest(&self.saved.battle) == digest(&self.plain.battle);
        let velocities = self.saved.battle.units.velocity.iter();
        let moving = velocities.filter(|velocity| **velocity != Place::ZERO);
        (moving.count() as u64, same)
    }
}
