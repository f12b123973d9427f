//! [`Selection`]: who an order is for.

use phalanx_engine::{Fix32, Id, Slot};

use super::kind_name;
use crate::skirmish::{Area, Battle, Kind, NAMED_MAX, Place, Unit, Who};

/// Units walk on while an order is under way: who is named by an area may leave it by so much,
/// units.
const MARGIN: Fix32 = Fix32::ONE;

/// Who is selected.
#[derive(Clone, Debug, Default)]
pub(super) enum Selection {
    #[default]
    Nobody,
    /// All of a kind, also those who are yet to come.
    All(Kind),
    /// These, wherever they go.
    Units { kind: Kind, ids: Vec<Id<Unit>> },
}

impl Selection {
    /// The soldiers of `slot` in `area`, or else the workers there.
    pub(super) fn within(slot: Slot, battle: &Battle, area: &Area) -> Self {
        let units = &battle.units;
        let inside = |row: &u32| area.contains(units.position[*row]);
        for kind in [Kind::Soldier, Kind::Worker] {
            let rows = battle.units_of(slot, kind).filter(inside);
            let ids: Vec<_> = rows.filter_map(|row| units.id(row)).collect();
            if !ids.is_empty() {
                return Self::Units { kind, ids };
            }
        }
        Self::Nobody
    }

    pub(super) const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Nobody => None,
            Self::All(kind) | Self::Units { kind, .. } => Some(*kind),
        }
    }

    /// The rows of those who are alive.
    pub(super) fn rows(&self, slot: Slot, battle: &Battle) -> Vec<u32> {
        match self {
            Self::Nobody => Vec::new(),
            Self::All(kind) => battle.units_of(slot, *kind).collect(),
            Self::Units { ids, .. } => {
                let rows = ids.iter().filter_map(|id| battle.units.row(*id));
                rows.collect()
            }
        }
    }

    /// How an order names them, if somebody is left: all by the whole plain, few by their names, and
    /// more than a command has room for by where they are now. Who of the same kind is among them
    /// there comes along.
    pub(super) fn who(&self, slot: Slot, battle: &Battle) -> Option<Who> {
        let rows = self.rows(slot, battle);
        let kind = self.kind().filter(|_| !rows.is_empty())?;
        let area = match self {
            Self::All(_) => Area::around(Place::ZERO, battle.round.half),
            _ if rows.len() <= NAMED_MAX as usize => {
                let ids = rows.iter().filter_map(|row| battle.units.id(*row));
                return Some(Who::units(ids));
            }
            _ => around(rows.iter().map(|row| battle.units.position[*row])),
        };
        Some(Who::In { kind, area })
    }
}

/// The smallest area that holds all `places`, and the margin around it.
fn around(places: impl Iterator<Item = Place>) -> Area {
    let empty = Area {
        from: Place::new(Fix32::MAX, Fix32::MAX),
        to: Place::new(Fix32::MIN, Fix32::MIN),
    };
    let tight = places.fold(empty, |Area { from, to }, Place { x, y }| Area {
        from: Place::new(from.x.min(x), from.y.min(y)),
        to: Place::new(to.x.max(x), to.y.max(y)),
    });
    Area {
        from: Place::new(tight.from.x - MARGIN, tight.from.y - MARGIN),
        to: Place::new(tight.to.x + MARGIN, tight.to.y + MARGIN),
    }
}

/// So many of that kind, in words.
pub(super) fn troops(count: usize, kind: Kind) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", kind_name(kind))
}
