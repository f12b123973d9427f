//! [`Battle`], the state of the game.

use phalanx_engine::{Column, Fix, Fix32, Grid, Rng, Row, Slot, State, Table, Vec2};

use super::building::{BUILDING_GAP, BUILDING_RADIUS, Building, Structure};
use super::combat::RANGE;
use super::patch::Patch;
use super::place::Place;
use super::unit::{Kind, Target, Unit};

/// Most players.
pub const PLAYERS_MAX: u8 = 8;
/// Longest round, ticks: 165 s, so that three minutes see the end of one.
pub const ROUND_TICKS: u16 = 165 * 20;
/// From the end of a round to the next one, ticks: 3 s.
pub const INTERMISSION_TICKS: u16 = 3 * 20;

/// Everything that changes in a match. What is many is in tables; the rest is small.
#[derive(State, Clone, Debug)]
pub struct Battle {
    /// Places the patches.
    pub rng: Rng,
    /// The round.
    pub round: Round,
    /// The player of each slot.
    pub players: [Player; PLAYERS_MAX as _],
    /// Workers and soldiers.
    pub units: Table<Unit>,
    /// Bases and barracks, and what will be.
    pub buildings: Table<Building>,
    /// Ore in the ground.
    pub patches: Table<Patch>,
    /// Where the units were when the tick began.
    pub(super) near_units: Grid,
    /// Where the buildings were.
    pub(super) near_buildings: Grid,
}

/// Where the match stands.
#[derive(State, Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// How many rounds have begun; saturates.
    pub number: u16,
    /// What is going on.
    pub phase: Phase,
    /// How long it is going on, ticks.
    pub age: u16,
    /// How many players this round began with.
    pub entrants: u8,
    /// How many soldiers each of them began with.
    pub muster: u32,
    /// From the middle of the plain to its border, units.
    pub half: Fix32,
}

/// What is going on in a [`Round`].
#[derive(State, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The round is over, the next one has not begun: everything stands still, and orders are
    /// ignored.
    Intermission,
    /// Players play.
    War,
}

/// One player.
#[derive(State, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Player {
    /// Whether they are in the round.
    pub plays: bool,
    /// What they can spend.
    pub ore: u32,
    /// Rounds won; saturates.
    pub wins: u16,
}

impl Battle {
    /// The state before tick 0, where an intermission ends.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            round: Round {
                number: 0,
                phase: Phase::Intermission,
                age: INTERMISSION_TICKS,
                entrants: 0,
                muster: 0,
                half: Fix32::ZERO,
            },
            players: Default::default(),
            units: Table::new(),
            buildings: Table::new(),
            patches: Table::new(),
            near_units: Grid::new(RANGE),
            near_buildings: Grid::new(Fix::int(8)),
        }
    }

    /// Whether the player of `slot` is in the round.
    #[must_use]
    pub fn plays(&self, slot: Slot) -> bool {
        let player = self.players.get(usize::from(slot.0));
        self.round.phase == Phase::War && player.is_some_and(|player| player.plays)
    }

    /// Who has the most units among those who are in the round, or were when it ended; nobody, if two
    /// have as many. In an intermission it is who has won, if the round was contested.
    #[must_use]
    pub fn leader(&self) -> Option<Slot> {
        let owner = &self.units.owner;
        let count = |slot: Slot| self.units.rows().filter(|row| owner[*row] == slot).count();
        let players = Slot::all(PLAYERS_MAX).zip(&self.players);
        let playing = players.filter(|(_, player)| player.plays);
        let playing: Vec<_> = playing.map(|(slot, _)| (slot, count(slot))).collect();
        let most = playing.iter().map(|(_, count)| *count).max();
        let mut best = playing.iter().filter(|(_, count)| Some(*count) == most);
        match (best.next(), best.next()) {
            (Some((slot, _)), None) => Some(*slot),
            _ => None,
        }
    }

    /// The rows of the units of `slot` that are of this kind.
    pub fn units_of(&self, slot: Slot, kind: Kind) -> impl Iterator<Item = u32> + '_ {
        let units = &self.units;
        let is_one = move |row: &u32| units.owner[*row] == slot && units.kind[*row] == kind;
        units.rows().filter(is_one)
    }

    /// The rows of the buildings of `slot`, sites among them.
    pub fn buildings_of(&self, slot: Slot) -> impl Iterator<Item = u32> + '_ {
        let owner = &self.buildings.owner;
        self.buildings.rows().filter(move |row| owner[*row] == slot)
    }

    /// The rows of the bases of `slot` that stand.
    pub fn bases_of(&self, slot: Slot) -> impl Iterator<Item = u32> + '_ {
        let buildings = &self.buildings;
        let stands = |row: &u32| buildings.missing[*row] == 0;
        let is_base = |row: &u32| buildings.structure[*row] == Structure::Base;
        self.buildings_of(slot).filter(stands).filter(is_base)
    }

    /// The patch nearest to `place`; its row.
    #[must_use]
    pub fn nearest_patch(&self, place: Place) -> Option<u32> {
        nearest(&self.patches.position, self.patches.rows(), place)
    }

    /// The base of `slot` nearest to `place`; its row.
    #[must_use]
    pub fn nearest_base(&self, slot: Slot, place: Place) -> Option<u32> {
        nearest(&self.buildings.position, self.bases_of(slot), place)
    }

    /// Most units of one player.
    #[must_use]
    pub const fn units_max(&self) -> u32 {
        self.round.muster.saturating_mul(2).saturating_add(24)
    }

    /// How many units a player has, those in training among them.
    #[must_use]
    pub fn strength(&self, slot: Slot) -> u32 {
        let living = self
            .units
            .rows()
            .filter(|row| self.units.owner[*row] == slot);
        let training = self
            .buildings_of(slot)
            .flat_map(|row| &self.buildings.training[row]);
        living.map(|_| 1).chain(training.map(|_| 1)).sum()
    }

    /// Where the target is, and how far its skin is from its middle; nothing, if it is no more or
    /// the player's own.
    pub(super) fn enemy(&self, slot: Slot, target: Target) -> Option<(Place, Fix)> {
        let (owner, place, radius) = match target {
            Target::Unit(id) => {
                let row = self.units.row(id)?;
                (self.units.owner[row], self.units.position[row], Fix::ZERO)
            }
            Target::Building(id) => {
                let row = self.buildings.row(id)?;
                let place = self.buildings.position[row];
                (self.buildings.owner[row], place, BUILDING_RADIUS)
            }
        };
        (owner != slot).then_some((place, radius))
    }

    /// Whether there is room for a building.
    #[must_use]
    pub fn has_room(&self, at: Place) -> bool {
        let (buildings, patches) = (&self.buildings, &self.patches);
        let mut places = buildings
            .rows()
            .map(|row| buildings.position[row])
            .chain(patches.rows().map(|row| patches.position[row]));
        at == at.on_plain(self.round.half) && !places.any(|place| place.is_within(at, BUILDING_GAP))
    }

    /// Takes down where everybody is.
    pub(super) fn index(&mut self) {
        let (units, buildings) = (&self.units, &self.buildings);
        let unit = |row| (row, Vec2::from(units.position[row]));
        let building = |row| (row, Vec2::from(buildings.position[row]));
        self.near_units.fill(units.rows().map(unit));
        self.near_buildings.fill(buildings.rows().map(building));
    }
}

/// The row that is nearest to `place`; the lowest of several.
fn nearest(
    positions: &Column<Place>,
    rows: impl Iterator<Item = u32>,
    place: Place,
) -> Option<u32> {
    let distance = |row| Vec2::from(positions[row]).distance_squared(place.into());
    rows.min_by_key(|row| distance(*row))
}

/// Removes the rows that are `gone`: found first, and then removed. Also all of them are removed one
/// by one: to put a new table in the place of an old one could not be undone.
pub(super) fn remove_rows<R: Row>(table: &mut Table<R>, gone: impl Fn(&Table<R>, u32) -> bool) {
    let rows = table.rows().filter(|row| gone(table, *row));
    let ids: Vec<_> = rows.filter_map(|row| table.id(row)).collect();
    for id in ids {
        table.remove(id);
    }
}
