//! [`Commander`]: keys become [`Order`]s.
//!
//! Arrows or H J K L move a cursor over the plain, faster and faster while they are held. Space
//! begins a box at the cursor and ends it there: it selects the soldiers inside, or else the
//! workers; A selects all soldiers, W all workers. What is selected is then told what to do: M to
//! walk to the cursor (with shift after where it goes already), T to attack who is nearest to the
//! cursor, G to gather at the patch nearest to it, S to stop. B lets the nearest worker build
//! barracks at the cursor, and shift-T trains somebody in every building. Escape drops the box or
//! the selection, ? or F1 shows the keys, Q and control-C quit.

mod selection;

use core::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use phalanx_engine::{Fix32, Id, Slot, Vec2};
use phalanx_netcode::Time;

use self::selection::{Selection, troops};
use crate::skirmish::{
    Area, BUILDING_GAP, BUILDINGS_MAX, Battle, Kind, Order, Place, Structure, TRAINING_MAX, Target,
    Task, Unit,
};

/// What the keys do, in one line; and the same for narrower terminals.
pub const KEYS: [&str; 4] = [
    "arrows/HJKL cursor  space box  A soldiers  W workers  M go  shift-M then go  T attack  G gather  B barracks  shift-T train  S stop  ? keys  Q quit",
    "arrows cursor  space box  A soldiers  W workers  M go  T attack  G gather  B barracks  shift-T train  S stop  Q quit",
    "space box  A/W all  M go  T attack  G gather  B barracks  shift-T train  Q quit",
    "space box A/W all M go T attack G dig B build S stop Q quit",
];

/// Steps of the cursor from the middle of the plain to its border.
const STEPS: i16 = 32;
/// A step that follows another one in the same direction within this is faster: its key is held.
const HELD: Duration = Duration::from_millis(150);
/// So many such steps make the next ones one step longer.
const STEPS_PER_GEAR: u16 = 4;
/// The longest one, steps.
const GEAR_MAX: u16 = 6;
/// An order that follows itself faster than this is a key that is held: nobody presses one twice
/// in this time, and terminals repeat faster.
const REPEAT: Duration = Duration::from_millis(60);
/// No more orders wait to be taken; the session would not take them either.
const ORDERS_MAX: usize = 32;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Moves the cursor to the right and up.
    Step(i8, i8),
    Box,
    All(Kind),
    March {
        queued: bool,
    },
    Attack,
    Gather,
    Build,
    Train,
    Stop,
    Drop,
    Help,
    Quit,
}

/// Steps in one direction.
#[derive(Clone, Copy, Debug)]
struct Run {
    way: Act,
    last: Time,
    steps: u16,
}

/// Knows where the cursor is and who is selected, and what was ordered since that was last asked.
/// Time is passed in, and so is the battle; nothing is drawn here.
#[derive(Clone, Debug)]
pub struct Commander {
    /// The round in which all this is so.
    round: u16,
    /// The own base.
    home: Place,
    cursor: Place,
    run: Option<Run>,
    /// Where the box began that has not ended.
    corner: Option<Place>,
    selection: Selection,
    /// The latest key that was no step.
    last: Option<(Act, Time)>,
    orders: Vec<Order>,
    /// What came of it.
    said: String,
    help: bool,
    quit: bool,
}

impl Default for Commander {
    fn default() -> Self {
        Self::new()
    }
}

impl Commander {
    /// Nobody is selected, and the keys are shown.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            round: 0,
            home: Place::ZERO,
            cursor: Place::ZERO,
            run: None,
            corner: None,
            selection: Selection::Nobody,
            last: None,
            orders: Vec::new(),
            said: String::new(),
            help: true,
            quit: false,
        }
    }

    /// Takes any event of the terminal; `sight` is the slot and the battle as it is now. Before the
    /// session is joined one can only quit.
    pub fn handle(&mut self, now: Time, event: &Event, sight: Option<(Slot, &Battle)>) {
        let Event::Key(key) = event else {
            return;
        };
        let Some(act) = act(key).filter(|_| key.kind != KeyEventKind::Release) else {
            return;
        };
        if act == Act::Quit {
            self.quit = true;
        } else if let Some((slot, battle)) = sight {
            self.look(slot, battle);
            self.act(now, act, key.kind, &Sight { slot, battle });
        }
    }

    /// In another round the cursor begins at home, and nobody is selected. To be called before a
    /// drawing.
    pub fn look(&mut self, slot: Slot, battle: &Battle) {
        // Who is not in the round yet may only not have been predicted in it.
        let Some(base) = battle.bases_of(slot).next() else {
            return;
        };
        let home = battle.buildings.position[base];
        let began = self.round != battle.round.number;
        // Where home is may have been predicted, too: who has not moved goes along.
        if began || self.cursor == self.home {
            self.cursor = home;
        }
        self.home = home;
        if began {
            self.round = battle.round.number;
            (self.run, self.corner) = (None, None);
            self.selection = Selection::Nobody;
        }
    }

    /// What was ordered since the last call.
    pub fn orders(&mut self) -> Vec<Order> {
        core::mem::take(&mut self.orders)
    }

    /// Whether a key that quits was pressed.
    #[must_use]
    pub const fn quit_requested(&self) -> bool {
        self.quit
    }

    /// Where the cursor is.
    #[must_use]
    pub const fn cursor(&self) -> Place {
        self.cursor
    }

    /// The box that has begun and not ended.
    #[must_use]
    pub fn area(&self) -> Option<Area> {
        let to = self.cursor;
        self.corner.map(|from| Area { from, to })
    }

    /// The rows of those who are selected and alive.
    #[must_use]
    pub fn selected(&self, slot: Slot, battle: &Battle) -> Vec<u32> {
        self.selection.rows(slot, battle)
    }

    /// One line to show below the battle, in several lengths: the keys, or what came of the last
    /// one.
    #[must_use]
    pub fn lines(&self) -> Vec<&str> {
        if self.help {
            KEYS.to_vec()
        } else {
            vec![&self.said]
        }
    }

    fn act(&mut self, now: Time, act: Act, kind: KeyEventKind, sight: &Sight<'_>) {
        if let Act::Step(right, up) = act {
            return self.step(now, (right, up), sight.battle.round.half);
        }
        let last = self.last.replace((act, now));
        let held = last.is_some_and(|(last, then)| last == act && now.since(then) < REPEAT);
        if held || kind == KeyEventKind::Repeat {
            return;
        }
        self.run = None;
        if act == Act::Help {
            self.help = !self.help;
            return;
        }
        self.help = false;
        self.said = match act {
            Act::Box => self.frame(sight),
            Act::All(kind) => self.select(Selection::All(kind), sight),
            Act::Drop => self.drop(),
            _ if !sight.battle.plays(sight.slot) => "no orders now: you are not in a round".into(),
            Act::Build => self.build(sight),
            Act::Train => self.train(sight),
            act => self.lead(act, sight),
        };
    }

    /// Moves the cursor.
    fn step(&mut self, now: Time, (right, up): (i8, i8), half: Fix32) {
        let way = Act::Step(right, up);
        let goes_on = |run: &Run| run.way == way && now.since(run.last) < HELD;
        let before = self.run.filter(goes_on).map_or(0, |run| run.steps);
        let steps = before.saturating_add(1);
        self.run = Some(Run {
            way,
            last: now,
            steps,
        });
        let gear = (1 + before / STEPS_PER_GEAR).min(GEAR_MAX);
        let length = step(half) * Fix32::saturating_int(gear.into());
        let along = |sign: i8| length * Fix32::int(sign.into());
        let Place { x, y } = self.cursor;
        self.cursor = Place::new(x + along(right), y + along(up)).on_plain(half);
    }

    /// Begins the box, or ends it.
    fn frame(&mut self, sight: &Sight<'_>) -> String {
        let Some(area) = self.area() else {
            self.corner = Some(self.cursor);
            return "a box: move, and end it with space".into();
        };
        self.corner = None;
        let area = widened(area, step(sight.battle.round.half));
        let selection = Selection::within(sight.slot, sight.battle, &area);
        self.select(selection, sight)
    }

    fn select(&mut self, selection: Selection, sight: &Sight<'_>) -> String {
        self.corner = None;
        self.selection = selection;
        let count = self.selected(sight.slot, sight.battle).len();
        match self.selection.kind() {
            Some(kind) if count > 0 => format!("{}: M go, S stop, ? keys", troops(count, kind)),
            Some(kind) => format!("you have no {kind}s", kind = kind_name(kind)),
            None => "nobody is there".into(),
        }
    }

    fn drop(&mut self) -> String {
        if self.corner.take().is_none() {
            self.selection = Selection::Nobody;
        }
        "? keys".into()
    }

    /// Orders those who are selected.
    fn lead(&mut self, act: Act, sight: &Sight<'_>) -> String {
        let Sight { slot, battle } = *sight;
        let who = self.selection.who(slot, battle);
        let Some((who, kind)) = who.zip(self.selection.kind()) else {
            return "nobody is selected: A soldiers, W workers, space a box".into();
        };
        let able = match act {
            Act::Attack => kind == Kind::Soldier,
            Act::Gather => kind == Kind::Worker,
            _ => true,
        };
        let told = match act {
            _ if !able => None,
            Act::March { queued } => {
                let to = self.cursor;
                let how = if queued { "then go there" } else { "go" };
                Some((Order::Move { who, to, queued }, how))
            }
            Act::Attack => {
                let target = sight.enemy_near(self.cursor);
                target.map(|target| (Order::Attack { who, target }, "attack"))
            }
            Act::Gather => {
                let patch = battle.nearest_patch(self.cursor);
                let patch = patch.and_then(|row| battle.patches.id(row));
                patch.map(|patch| (Order::Gather { who, patch }, "gather"))
            }
            _ => Some((Order::Stop { who }, "stop")),
        };
        let count = self.selected(slot, battle).len();
        match told {
            Some((order, how)) => {
                self.order(order);
                format!("{}: {how}", troops(count, kind))
            }
            None if !able && kind == Kind::Worker => {
                "workers do not attack: A selects soldiers".into()
            }
            None if !able => "soldiers do not gather: W selects workers".into(),
            None => "there is nobody and nothing".into(),
        }
    }

    /// Lets the nearest worker build barracks at the cursor, or go on with those that are there.
    fn build(&mut self, sight: &Sight<'_>) -> String {
        let Sight { slot, battle } = *sight;
        let structure = Structure::Barracks;
        let (site, cost) = (sight.site_near(self.cursor), structure.cost());
        let at = site.unwrap_or(self.cursor);
        let Some(worker) = sight.builder_near(at) else {
            return "you have no workers".into();
        };
        if site.is_none() {
            if sight.ore() < cost {
                return format!("barracks cost {cost} ore");
            }
            if battle.buildings_of(slot).count() >= BUILDINGS_MAX as usize {
                return format!("{BUILDINGS_MAX} buildings are the most");
            }
            if !battle.has_room(at) {
                return "there is no room for barracks".into();
            }
        }
        self.order(Order::Build {
            worker,
            structure,
            at,
        });
        "1 worker: build barracks".into()
    }

    /// Trains somebody in every building, as far as the ore goes.
    fn train(&mut self, sight: &Sight<'_>) -> String {
        let Sight { slot, battle } = *sight;
        let buildings = &battle.buildings;
        let (mut ore, mut trained) = (sight.ore(), 0_u32);
        let most = battle.units_max().saturating_sub(battle.strength(slot));
        for row in battle.buildings_of(slot) {
            let stands = buildings.missing[row] == 0;
            let room = buildings.training[row].len() < TRAINING_MAX as usize;
            let left = ore.checked_sub(buildings.structure[row].trains().cost());
            let open = stands && room && trained < most;
            if let (true, Some(left), Some(building)) = (open, left, buildings.id(row)) {
                ore = left;
                trained += 1;
                self.order(Order::Train { building });
            }
        }
        match trained {
            0 if most == 0 => format!(
                "nobody can be trained: {} units are the most",
                battle.units_max()
            ),
            0 => "nobody can be trained: there is no ore or no room".into(),
            _ => format!("{trained} more in training"),
        }
    }

    fn order(&mut self, order: Order) {
        if self.orders.len() < ORDERS_MAX {
            self.orders.push(order);
        }
    }
}

/// What the person sees.
#[derive(Clone, Copy)]
struct Sight<'a> {
    slot: Slot,
    battle: &'a Battle,
}

impl Sight<'_> {
    fn ore(&self) -> u32 {
        let player = self.battle.players.get(usize::from(self.slot.0));
        player.map_or(0, |player| player.ore)
    }

    /// The enemy nearest to `place`.
    fn enemy_near(&self, place: Place) -> Option<Target> {
        let (units, buildings) = (&self.battle.units, &self.battle.buildings);
        let far = |at: Place| Vec2::from(at).distance_squared(place.into());
        let troops = units.rows().filter(|row| units.owner[*row] != self.slot);
        let troops = troops.map(|row| (far(units.position[row]), units.id(row).map(Target::Unit)));
        let walls = buildings
            .rows()
            .filter(|row| buildings.owner[*row] != self.slot);
        let walls = walls.map(|row| {
            (
                far(buildings.position[row]),
                buildings.id(row).map(Target::Building),
            )
        });
        let nearest = troops.chain(walls).min_by_key(|(distance, _)| *distance);
        nearest.and_then(|(_, target)| target)
    }

    /// Where an own site for barracks is, if there is one as near as no other building may be.
    fn site_near(&self, place: Place) -> Option<Place> {
        let buildings = &self.battle.buildings;
        let is_site = |row: &u32| {
            buildings.missing[*row] > 0 && buildings.structure[*row] == Structure::Barracks
        };
        let sites = self.battle.buildings_of(self.slot).filter(is_site);
        let mut places = sites.map(|row| buildings.position[row]);
        places.find(|at| at.is_within(place, BUILDING_GAP))
    }

    /// The worker nearest to `place`; one who builds already only if there is no other.
    fn builder_near(&self, place: Place) -> Option<Id<Unit>> {
        let units = &self.battle.units;
        let key = |row: &u32| {
            let builds = matches!(units.task[*row], Task::Build(_));
            let far = Vec2::from(units.position[*row]).distance_squared(place.into());
            (builds, far)
        };
        let workers = self.battle.units_of(self.slot, Kind::Worker);
        units.id(workers.min_by_key(key)?)
    }
}

/// One step of the cursor.
fn step(half: Fix32) -> Fix32 {
    half / Fix32::int(STEPS)
}

/// The area and half a step more in all directions, so that a box around one point holds somebody.
fn widened(area: Area, step: Fix32) -> Area {
    let (a, b, more) = (area.from, area.to, step / Fix32::int(2));
    Area {
        from: Place::new(a.x.min(b.x) - more, a.y.min(b.y) - more),
        to: Place::new(a.x.max(b.x) + more, a.y.max(b.y) + more),
    }
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Worker => "worker",
        Kind::Soldier => "soldier",
    }
}

/// The key map.
fn act(key: &KeyEvent) -> Option<Act> {
    if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    // Some terminals tell of the key, others of the letter that it makes.
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    match key.code {
        KeyCode::Char('c' | 'C') if control => Some(Act::Quit),
        _ if control => None,
        KeyCode::Left => Some(Act::Step(-1, 0)),
        KeyCode::Right => Some(Act::Step(1, 0)),
        KeyCode::Up => Some(Act::Step(0, 1)),
        KeyCode::Down => Some(Act::Step(0, -1)),
        KeyCode::Esc => Some(Act::Drop),
        KeyCode::F(1) => Some(Act::Help),
        KeyCode::Char(letter) => {
            match (letter.to_ascii_lowercase(), shift || letter.is_uppercase()) {
                ('h', _) => Some(Act::Step(-1, 0)),
                ('l', _) => Some(Act::Step(1, 0)),
                ('k', _) => Some(Act::Step(0, 1)),
                ('j', _) => Some(Act::Step(0, -1)),
                (' ', _) => Some(Act::Box),
                ('a', _) => Some(Act::All(Kind::Soldier)),
                ('w', _) => Some(Act::All(Kind::Worker)),
                ('m', queued) => Some(Act::March { queued }),
                ('t', false) => Some(Act::Attack),
                ('t', true) => Some(Act::Train),
                ('g', _) => Some(Act::Gather),
                ('b', _) => Some(Act::Build),
                ('s', _) => Some(Act::Stop),
                ('?', _) | ('/', true) => Some(Act::Help),
                ('q', _) => Some(Act::Quit),
                _ => None,
            }
        }
        _ => None,
    }
}
