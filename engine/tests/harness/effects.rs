//! Effects of the small game, the slow, obvious way to tell of them, and what must hold of whatever was
//! told.

use std::collections::BTreeMap;

use phalanx_engine::{Effect, EffectEvent, EffectId, EffectKey, Tick};

/// What the small game tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spark {
    pub kind: Kind,
    pub entity: u64,
    /// No part of the key.
    pub loud: u64,
}

/// Each has a tolerance of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Somebody fires: what was pressed, and no more.
    Shot,
    /// Some in one tick, of few entities.
    Rattle,
    /// In every tick.
    Hum,
    /// Told when it is sure, and not by its key alone.
    Death,
    /// One in every eight ticks, at one of three: in every execution exactly once.
    Burst,
}

/// By how many ticks the three ticks of a burst differ at most.
pub const BURST_TOLERANCE: u32 = 2;

impl Effect for Spark {
    fn key(&self) -> EffectKey {
        // Deaths are sometimes rattles that are sure.
        let kind = match self.kind {
            Kind::Death if self.loud.is_multiple_of(2) => Kind::Rattle,
            kind => kind,
        };
        EffectKey::new(kind as u32, self.entity)
    }

    fn tolerance(&self) -> u32 {
        match self.kind {
            Kind::Shot => 0,
            Kind::Rattle | Kind::Death => (self.loud % 5) as u32,
            Kind::Hum => 3,
            Kind::Burst => BURST_TOLERANCE,
        }
    }

    fn confirmed_only(&self) -> bool {
        self.kind == Kind::Death
    }
}

/// An effect's key, and its number in the tick.
type Name = (EffectKey, usize);

/// What was told of one effect.
#[derive(Clone, Copy, Debug)]
struct Told {
    id: EffectId,
    name: Name,
    tick: Tick,
    effect: Spark,
    over: bool,
}

impl Told {
    fn last(&self) -> Tick {
        self.tick + u64::from(self.effect.tolerance())
    }

    fn may_be_at(&self, tick: Tick) -> bool {
        self.tick.since(tick).abs() <= i64::from(self.effect.tolerance())
    }
}

/// What a tick that is not confirmed emitted, and which prediction each is.
type Shown = Vec<(Name, Spark, Option<EffectId>)>;

/// The model: it keeps every prediction ever told and looks through all of them each time.
#[derive(Debug, Default)]
pub struct Teller {
    told: Vec<Told>,
    shown: BTreeMap<Tick, Shown>,
    ids: u64,
    pub events: Vec<EffectEvent<Spark>>,
    /// The planted fault: effects that moved are not known again.
    pub stubborn: bool,
}

impl Teller {
    pub fn executed(&mut self, tick: Tick, sparks: &[Spark], certain: bool) {
        assert!(!self.shown.contains_key(&tick), "a tick was undone first");
        self.shown.insert(tick, Vec::new());
        for (index, effect) in sparks.iter().enumerate() {
            let same = sparks[..index].iter();
            let name = (
                effect.key(),
                same.filter(|s| s.key() == effect.key()).count(),
            );
            let mut id = self.known(name, tick);
            if id.is_none() && !certain && !effect.confirmed_only() {
                id = Some(self.predict(name, tick, *effect));
            }
            self.shown
                .entry(tick)
                .or_default()
                .push((name, *effect, id));
        }
    }

    fn known(&self, name: Name, tick: Tick) -> Option<EffectId> {
        let shown = |id| {
            self.shown
                .values()
                .flatten()
                .any(|(_, _, one)| *one == Some(id))
        };
        let open = self
            .told
            .iter()
            .filter(|told| !told.over && !shown(told.id));
        let same = open.filter(|told| told.name == name && told.may_be_at(tick));
        let same = same.filter(|told| !self.stubborn || told.tick == tick);
        let meant = same.min_by_key(|told| (told.tick != tick, told.last(), told.id));
        meant.map(|told| told.id)
    }

    fn id(&mut self) -> EffectId {
        self.ids += 1;
        EffectId(self.ids - 1)
    }

    fn predict(&mut self, name: Name, tick: Tick, effect: Spark) -> EffectId {
        let id = self.id();
        self.told.push(Told {
            id,
            name,
            tick,
            effect,
            over: false,
        });
        self.events
            .push(EffectEvent::Predicted { id, tick, effect });
        id
    }

    pub fn undone(&mut self, first: Tick) {
        self.shown.split_off(&first);
    }

    pub fn confirmed(&mut self, tick: Tick, ended: bool) {
        for (_, effect, id) in self.shown.remove(&tick).unwrap() {
            let told = self.told.iter_mut().find(|told| Some(told.id) == id);
            let predicted = told.map(|told| {
                told.over = true;
                told.tick
            });
            let id = id.unwrap_or_else(|| self.id());
            self.events.push(EffectEvent::Confirmed {
                id,
                tick,
                effect,
                predicted,
            });
        }
        let shown: Vec<_> = self
            .shown
            .values()
            .flatten()
            .map(|(_, _, id)| *id)
            .collect();
        let mut over: Vec<_> = (self.told.iter_mut())
            .filter(|told| !told.over && !shown.contains(&Some(told.id)))
            .filter(|told| ended || told.last() <= tick)
            .collect();
        over.sort_by_key(|told| (told.name, told.last(), told.id));
        for told in over {
            told.over = true;
            let Told {
                id, tick, effect, ..
            } = *told;
            self.events
                .push(EffectEvent::Cancelled { id, tick, effect });
        }
    }
}

/// What was told, by what must hold of it, whatever the schedule was; an error says what does not. `log`
/// is what executing the log once emits, by tick, and `confirmed` the first tick after that; in a session that
/// is `paused` now and then what was to come may not.
///
/// # Errors
/// What does not hold.
pub fn check(
    events: &[EffectEvent<Spark>],
    log: &[(Tick, Spark)],
    confirmed: Tick,
    ended: bool,
    paused: bool,
) -> Result<Tally, String> {
    let mut open = BTreeMap::new();
    let mut over = BTreeMap::new();
    let mut sure = Vec::new();
    let mut counts = Tally::default();
    let stopped = ended || paused;
    for event in events {
        let id = event.id();
        if over.contains_key(&id) {
            return Err(format!("{event:?} of what was over"));
        }
        match *event {
            EffectEvent::Predicted { tick, effect, .. } => {
                counts.predicted += 1;
                if open.insert(id, (tick, effect)).is_some() {
                    return Err(format!("{event:?} twice"));
                }
                if effect.confirmed_only() {
                    return Err(format!("{event:?} of what is told when it is sure"));
                }
            }
            EffectEvent::Confirmed {
                tick,
                effect,
                predicted,
                ..
            } => {
                counts.confirmed += 1;
                let told = open.remove(&id);
                if told.map(|(tick, _)| tick) != predicted {
                    return Err(format!("{event:?}, which was predicted as {told:?}"));
                }
                if let Some((before, was)) = told {
                    let moved = before.since(tick).unsigned_abs();
                    counts.moved += u64::from(moved > 0);
                    counts.changed += u64::from(was != effect);
                    if moved > u64::from(was.tolerance()) || was.key() != effect.key() {
                        return Err(format!("{event:?} was predicted as {was:?}"));
                    }
                }
                sure.push((tick, effect));
                over.insert(id, effect.kind);
            }
            EffectEvent::Cancelled { tick, effect, .. } => {
                counts.cancelled += 1;
                if open.remove(&id) != Some((tick, effect)) {
                    return Err(format!("{event:?} of what was never predicted"));
                }
                if effect.kind == Kind::Burst && !stopped {
                    return Err(format!("{event:?}, which only moved"));
                }
                over.insert(id, effect.kind);
            }
        }
    }
    if let Some((at, pair)) = (sure.iter().zip(log).enumerate()).find(|(_, (a, b))| a != b) {
        return Err(format!("the {at}th confirmed and the log's: {pair:?}"));
    }
    if sure.len() != log.len() {
        let (sure, log) = (sure.len(), log.len());
        return Err(format!("{sure} were confirmed, and the log has {log}"));
    }
    let late = |(tick, effect): &(Tick, Spark)| *tick + u64::from(effect.tolerance()) < confirmed;
    match open.iter().find(|(_, told)| ended || late(told)) {
        Some(told) => Err(format!("{told:?} came to no end before {confirmed}")),
        None => Ok(counts),
    }
}

/// How much of each there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub predicted: u64,
    pub confirmed: u64,
    pub cancelled: u64,
    /// Confirmed at another tick than was predicted.
    pub moved: u64,
    /// Confirmed with another value than was predicted.
    pub changed: u64,
}
