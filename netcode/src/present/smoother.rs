//! [`Smoother`]: what was shown stays where it was shown, and goes little by little to where it is.

use std::collections::BTreeMap;

use phalanx_engine::Simulation;

use super::spring::Motion;
use super::{Moment, Offset, Smoothing, Spring, View};
use crate::limits::SMOOTHED_ENTITIES_MAX;
use crate::time::Time;

/// One component of one thing in a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entity<Id, T> {
    id: Id,
    value: T,
    on: Option<Id>,
}

impl<Id, T> Entity<Id, T> {
    /// A thing on its own.
    pub const fn new(id: Id, value: T) -> Self {
        let on = None;
        Self { id, value, on }
    }

    /// A thing that stands on another one and is moved by it: what is corrected of that other one
    /// moves both alike, and they stay together to the last digit.
    #[must_use]
    pub fn on(self, other: Id) -> Self {
        let on = Some(other);
        Self { on, ..self }
    }
}

/// What is remembered of an entity.
#[derive(Clone, Copy, Debug)]
struct Shown<Id, T> {
    /// Without the offset, at the moment that was shown last.
    value: T,
    on: Option<Id>,
    /// The entity's own offset, beside that of what it stands on.
    spring: Spring<T>,
    /// Undone since then: it is not there, was last shown at `value`, and may come again.
    undone: Option<Time>,
}

/// Things may stand on things that stand on things, to this depth.
const DEPTH_MAX: u32 = 8;

/// Error smoothing of one component (position, angle, …) of all entities, by identity.
///
/// A rollback changes what was already shown. The smoother remembers what it showed; when ticks have
/// been executed again it looks at the same moment once more, and adds to the offset of every
/// entity what it was shown as minus what it turned out to be. Nothing jumps, and the offset decays as
/// a [`Spring`] does. The offset is added to what is shown and to nothing else: the smoother is only
/// ever given `&State`.
///
/// An entity that a rollback undoes and that comes again, perhaps ticks later, under the same id goes
/// from where it was last shown to where it is. One that dies and is born again by the rules alone
/// does not, nor does one that appears in the past. What is gone is forgotten.
///
/// For several components take several smoothers: each has its own [`Smoothing`]. All is in the order
/// of the ids, and the same whenever it is done again.
#[derive(Clone, Debug)]
pub struct Smoother<Id, T> {
    smoothing: Smoothing,
    shown: BTreeMap<Id, Shown<Id, T>>,
    moment: Option<Moment>,
    revision: u64,
    now: Time,
}

impl<Id: Ord + Copy, T: Offset> Smoother<Id, T> {
    /// A smoother that has shown nothing yet.
    #[must_use]
    pub const fn new(smoothing: Smoothing) -> Self {
        Self {
            smoothing,
            shown: BTreeMap::new(),
            moment: None,
            revision: 0,
            now: Time::ZERO,
        }
    }

    /// Takes in what there is to show now, once per frame. `each` tells the entities of a state.
    ///
    /// It looks at two states, and at two more if ticks have been executed again since the last
    /// frame. While the moment shown last has been undone and not been executed again it does nothing,
    /// and the last frame stays. Entities beyond [`SMOOTHED_ENTITIES_MAX`] are left out.
    pub fn show<S: Simulation>(
        &mut self,
        view: &mut View<'_, S>,
        mut each: impl FnMut(&S::State, &mut dyn FnMut(Entity<Id, T>)),
    ) {
        let (now, moment, revision) = (view.now(), view.moment(), view.revision());
        self.now = now;
        if let Some(last) = self.moment {
            if moment.tick < last.tick && !view.ended() {
                return;
            }
            // What was shown beyond the end of the session turned out to be the end.
            let right = last.min(moment);
            if revision != self.revision || right != last {
                match self.sample(view, right, &mut each) {
                    Some(again) => self.correct(now, &again),
                    // Too long ago to be looked at: nobody remembers what was shown then.
                    None => self.shown.clear(),
                }
            }
        }
        if let Some(sample) = self.sample(view, moment, &mut each) {
            self.remember(now, &sample);
            (self.moment, self.revision) = (Some(moment), revision);
        }
    }

    /// What `id` is to be shown as; `None` if it is not there.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<T> {
        let shown = self.shown.get(&id).filter(|shown| shown.undone.is_none())?;
        let offset = self.motion(Some(id), self.now).offset;
        Some(shown.value.plus(offset).shortest())
    }

    /// By how much `id` is shown elsewhere than it is; zero if it is not there.
    #[must_use]
    pub fn offset(&self, id: Id) -> T {
        self.motion(Some(id), self.now).offset
    }

    /// All that is to be shown, by id.
    pub fn iter(&self) -> impl Iterator<Item = (Id, T)> {
        let ids = self.shown.keys();
        ids.filter_map(|id| Some((*id, self.get(*id)?)))
    }

    /// How many entities are remembered, those included that were undone a moment ago.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.shown.len()
    }

    /// All entities as they are at `moment`, between two ticks.
    fn sample<S: Simulation>(
        &self,
        view: &mut View<'_, S>,
        moment: Moment,
        each: &mut impl FnMut(&S::State, &mut dyn FnMut(Entity<Id, T>)),
    ) -> Option<BTreeMap<Id, Entity<Id, T>>> {
        let mut sample = BTreeMap::new();
        view.look(moment.tick, |state| {
            each(state, &mut |entity| {
                if sample.len() < SMOOTHED_ENTITIES_MAX || sample.contains_key(&entity.id) {
                    sample.insert(entity.id, entity);
                }
            });
        })?;
        if let Some(tick) = moment.tick.previous() {
            view.look(tick, |state| {
                each(state, &mut |before| {
                    let Some(entity) = sample.get_mut(&before.id) else {
                        return; // It has died.
                    };
                    let way = entity.value.minus(before.value);
                    // What the rules teleport is not seen to fly.
                    if self.smoothing.is_near(way.size()) {
                        entity.value = moment.alpha.between(before.value, entity.value);
                    }
                });
            });
        }
        Some(sample)
    }

    /// The offset of `id` with those of all that it stands on.
    fn motion(&self, id: Option<Id>, now: Time) -> Motion<T> {
        let mut motion = Motion::REST;
        let mut next = id;
        for _ in 0..DEPTH_MAX {
            let Some(shown) = next.and_then(|id| self.shown.get(&id)) else {
                break;
            };
            motion = motion.plus(shown.spring.motion(now));
            next = shown.on;
        }
        motion
    }

    /// Keeps everything where it was shown, though it turned out to be where `again` says.
    fn correct(&mut self, now: Time, again: &BTreeMap<Id, Entity<Id, T>>) {
        let wrong = |id: Id, shown: &Shown<Id, T>| {
            let right = again.get(&id)?;
            Some(shown.value.minus(right.value))
        };
        let errors: BTreeMap<Id, T> = (self.shown.iter())
            .filter(|(_, shown)| shown.undone.is_none())
            .filter_map(|(id, shown)| Some((*id, wrong(*id, shown)?)))
            .collect();
        let undone: Vec<(Id, T)> = (self.shown.iter())
            .filter(|(id, shown)| shown.undone.is_none() && !again.contains_key(id))
            .map(|(id, shown)| (*id, shown.value.plus(self.motion(Some(*id), now).offset)))
            .collect();
        // What stood on something that is undone is not moved by it any more.
        let left: Vec<(Id, Motion<T>)> = (self.shown.iter())
            .filter(|(_, shown)| shown.on.is_some_and(|on| !again.contains_key(&on)))
            .map(|(id, _)| (*id, self.motion(Some(*id), now)))
            .collect();
        for (id, motion) in left {
            if let Some(shown) = self.shown.get_mut(&id) {
                shown.spring.set(now, motion);
                shown.on = None;
            }
        }
        for (id, shown) in &mut self.shown {
            if let Some(error) = errors.get(id) {
                let carried = shown.on.and_then(|on| errors.get(&on));
                let own = error.minus(carried.copied().unwrap_or(T::ZERO));
                shown.spring.correct(now, own);
            }
        }
        for (id, value) in undone {
            if let Some(shown) = self.shown.get_mut(&id) {
                (shown.value, shown.undone) = (value, Some(now));
                (shown.on, shown.spring) = (None, Spring::new(self.smoothing));
            }
        }
    }

    /// Goes on with the entities of `sample`, and forgets those that are gone.
    fn remember(&mut self, now: Time, sample: &BTreeMap<Id, Entity<Id, T>>) {
        // Whoever changes what it stands on stays where it is shown; so the motions as they were.
        let mut moved = Vec::new();
        for (id, entity) in sample {
            let Some(shown) = self.shown.get(id) else {
                continue;
            };
            let carried = self.motion(entity.on, now);
            if shown.undone.is_some() {
                let offset = shown.value.minus(entity.value);
                let motion = Motion {
                    offset,
                    ..Motion::REST
                };
                moved.push((*id, motion.minus(carried)));
            } else if shown.on != entity.on {
                moved.push((*id, self.motion(Some(*id), now).minus(carried)));
            }
        }
        for (id, motion) in moved {
            if let Some(shown) = self.shown.get_mut(&id) {
                shown.spring.set(now, motion);
            }
        }
        for (id, entity) in sample {
            let Entity { value, on, .. } = *entity;
            let spring = Spring::new(self.smoothing);
            let new = Shown {
                value,
                on,
                spring,
                undone: None,
            };
            let shown = self.shown.entry(*id).or_insert(new);
            (shown.value, shown.on, shown.undone) = (value, on, None);
        }
        let rest = self.smoothing.rest();
        self.shown.retain(|id, shown| {
            let fresh = shown.undone.is_some_and(|since| now.since(since) < rest);
            fresh || sample.contains_key(id)
        });
    }
}
