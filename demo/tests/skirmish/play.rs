//! A match without network, rollback or digests.

use std::collections::VecDeque;

use phalanx::skirmish::{
    Area, BUILDINGS_MAX, Battle, Building, Cue, Kind, Order, PLAYERS_MAX, Patch, Phase, Place,
    Skirmish, Structure, TRAINING_MAX, Task, Unit, WAYPOINTS_MAX, Who,
};
use phalanx_engine::{
    Effects, Entry, Fix, Fix32, GivenCommand, Id, InputFrame, NoInput, Session, Setup, Simulation,
    Slot, Tick, TickRate, Vec2,
};

/// A session at 20 Hz.
pub(crate) fn setup(seed: u64, slots: u8) -> Setup {
    Setup::new(seed, slots, TickRate::hz(20))
}

/// A place by whole units.
pub(crate) fn place(x: i16, y: i16) -> Place {
    Place::new(Fix32::int(x), Fix32::int(y))
}

/// One match in progress.
pub(crate) struct Play {
    pub(crate) rules: Skirmish,
    pub(crate) battle: Battle,
    pub(crate) session: Session,
    tick: Tick,
    /// What the newest tick told.
    pub(crate) cues: Vec<Cue>,
    /// Ordered, but not executed yet; those of a tick together.
    late: VecDeque<Vec<(Slot, Order)>>,
}

impl Play {
    /// A match before tick 0, with all slots still absent.
    pub(crate) fn empty(units: u32, seed: u64, slots: u8) -> Self {
        let setup = setup(seed, slots);
        let rules = Skirmish { units };
        Self {
            battle: rules.start(&setup),
            session: Session::new(&setup),
            tick: Tick::ZERO,
            cues: Vec::new(),
            late: VecDeque::new(),
            rules,
        }
    }

    /// A match after tick 0, in which everybody joined and ordered nothing.
    pub(crate) fn new(units: u32, seed: u64, slots: u8) -> Self {
        let mut play = Self::empty(units, seed, slots);
        let joins: Vec<_> = Slot::all(slots).map(Entry::Join).collect();
        play.step_with(&joins, &[]);
        play
    }

    /// Two players, each with a base in a corner and much ore, and nothing else.
    pub(crate) fn bare() -> Self {
        let mut play = Self::new(64, 1, 2);
        let Battle {
            units,
            buildings,
            patches,
            players,
            ..
        } = &mut play.battle;
        for id in units.ids().collect::<Vec<_>>() {
            units.remove(id);
        }
        for id in patches.ids().collect::<Vec<_>>() {
            patches.remove(id);
        }
        for id in buildings.ids().collect::<Vec<_>>() {
            buildings.remove(id);
        }
        for (slot, at) in [(Slot(0), place(-38, -38)), (Slot(1), place(38, 38))] {
            buildings.insert(Building::new(slot, Structure::Base, at));
        }
        players.iter_mut().for_each(|player| player.ore = 1000);
        play
    }

    /// Executes one tick.
    pub(crate) fn step_with(&mut self, entries: &[Entry], orders: &[(Slot, Order)]) {
        self.session.begin(self.tick, entries);
        let inputs = vec![NoInput; self.session.slots().into()];
        let orders = orders.iter().cloned();
        let given: Vec<_> = orders
            .map(|(slot, order)| GivenCommand::new(slot, order))
            .collect();
        let frame = InputFrame::new(self.tick, &self.session, entries, &given, &inputs);
        let mut cues = Effects::new();
        self.rules.step(&mut self.battle, &frame, &mut cues);
        self.cues = cues.take().collect();
        self.tick += 1;
    }

    /// Executes one tick at which slot `slot` orders this.
    pub(crate) fn order(&mut self, slot: u8, order: Order) {
        self.step_with(&[], &[(Slot(slot), order)]);
    }

    /// Executes `ticks` ticks without orders.
    pub(crate) fn wait(&mut self, ticks: u16) {
        (0..ticks).for_each(|_| self.step_with(&[], &[]));
    }

    /// What the bots order now.
    fn bot_orders(&self) -> Vec<(Slot, Order)> {
        let slots = Slot::all(self.session.slots());
        let orders = slots.flat_map(|slot| {
            let orders = self.rules.bot_commands(&self.battle, slot);
            orders.into_iter().map(move |order| (slot, order))
        });
        orders.collect()
    }

    /// Executes one tick between bots; how many orders they gave.
    pub(crate) fn step_bots(&mut self) -> usize {
        let orders = self.bot_orders();
        self.step_with(&[], &orders);
        orders.len()
    }

    /// Executes one tick between bots whose orders are executed `delay` ticks later.
    pub(crate) fn step_late_bots(&mut self, delay: usize) {
        self.late.push_back(self.bot_orders());
        let due = self.late.len() > delay;
        let orders = due.then(|| self.late.pop_front()).flatten();
        self.step_with(&[], &orders.unwrap_or_default());
    }

    /// Executes `ticks` ticks between bots.
    pub(crate) fn wait_bots(&mut self, ticks: u16) {
        for _ in 0..ticks {
            self.step_bots();
        }
    }

    /// A new unit of slot `slot`.
    pub(crate) fn unit(&mut self, slot: u8, kind: Kind, at: Place) -> Id<Unit> {
        self.battle.units.insert(Unit::new(Slot(slot), kind, at))
    }

    /// A new patch.
    pub(crate) fn patch(&mut self, at: Place, ore: u32) -> Id<Patch> {
        self.battle.patches.insert(Patch { position: at, ore })
    }

    /// The unit as it is now.
    pub(crate) fn see(&self, id: Id<Unit>) -> Unit {
        self.battle.units.get(id).expect("a living unit")
    }

    /// Where the unit is.
    pub(crate) fn place(&self, id: Id<Unit>) -> Place {
        self.see(id).position
    }

    /// The base of slot `slot`.
    pub(crate) fn base(&self, slot: u8) -> Id<Building> {
        let row = self.battle.bases_of(Slot(slot)).next();
        row.and_then(|row| self.battle.buildings.id(row))
            .expect("a base")
    }

    /// The ore of slot `slot`.
    pub(crate) fn ore(&self, slot: u8) -> u32 {
        self.battle.players[usize::from(slot)].ore
    }

    /// Whether a round is played.
    pub(crate) fn is_war(&self) -> bool {
        self.battle.round.phase == Phase::War
    }

    /// Asserts what is true of every battle.
    pub(crate) fn check(&self) {
        let Battle {
            round,
            players,
            units,
            buildings,
            patches,
            ..
        } = &self.battle;
        let plays = |slot: Slot| players[usize::from(slot.0)].plays;
        for row in units.rows() {
            let unit = units
                .id(row)
                .and_then(|id| units.get(id))
                .expect("it lives");
            assert!(plays(unit.owner), "{unit:?}");
            assert!((1..=unit.kind.health()).contains(&unit.health), "{unit:?}");
            assert!(unit.waypoints.len() <= WAYPOINTS_MAX as usize, "{unit:?}");
            for at in unit.waypoints.iter().chain([&unit.position]) {
                assert_eq!(at.on_plain(round.half), *at, "{unit:?}");
            }
            // A step of rounding in each direction.
            let speed = unit.kind.speed() + Fix32::STEP.to_fix() * 2;
            assert!(Vec2::from(unit.velocity).length() <= speed, "{unit:?}");
            let walks = unit.task == Task::Move;
            let may = walks || matches!(unit.task, Task::Attack(_));
            assert!(may || unit.waypoints.is_empty(), "{unit:?}");
        }
        for row in buildings.rows() {
            let id = buildings.id(row).expect("it lives");
            let building = buildings.get(id).expect("it lives");
            let full = building.structure.health();
            assert!(plays(building.owner), "{building:?}");
            assert!((1..=full).contains(&building.health), "{building:?}");
            assert!(building.training.len() <= TRAINING_MAX as usize);
            assert!(building.missing == 0 || building.training.is_empty());
        }
        for slot in Slot::all(PLAYERS_MAX) {
            let own = units.rows().filter(|row| units.owner[*row] == slot);
            assert!(own.count() <= self.battle.units_max() as usize);
            let own = self.battle.buildings_of(slot).count();
            assert!(own <= BUILDINGS_MAX as usize);
        }
        assert!(patches.rows().all(|row| patches.ore[row] > 0));
    }
}

/// All soldiers in a square around the middle.
pub(crate) fn soldiers_within(reach: i16) -> Who {
    Who::In {
        kind: Kind::Soldier,
        area: Area::around(Place::ZERO, Fix32::int(reach)),
    }
}

/// Whether the two are closer than `hundredths` of a unit.
pub(crate) fn close(a: Place, b: Place, hundredths: i32) -> bool {
    a.is_within(b, Fix::ratio(hundredths, 100))
}
