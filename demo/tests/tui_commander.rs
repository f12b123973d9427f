//! Tests of the commander: keys in, orders out, and what the game makes of them.

use core::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use phalanx::skirmish::{
    Area, Battle, Building, Kind, Order, Patch, Phase, Place, Skirmish, Structure, Target, Task,
    Unit, Who,
};
use phalanx::tui::{BattleView, Commander, commander};
use phalanx_engine::{
    Command, Effects, Entry, Fix32, GivenCommand, Id, InputFrame, NoInput, Session, Setup,
    Simulation, Slot, Tick, TickRate, mix, to_bytes,
};
use phalanx_netcode::Time;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::widgets::Widget;

const OWN: Slot = Slot(0);
const RULES: Skirmish = Skirmish { units: 64 };

fn place(x: i16, y: i16) -> Place {
    Place::new(Fix32::int(x), Fix32::int(y))
}

/// A person who plays against one who does nothing.
struct Play {
    battle: Battle,
    session: Session,
    tick: Tick,
    now: Time,
    commander: Commander,
}

impl Play {
    /// After the start of a round.
    fn new() -> Self {
        let (seed, slots, rate) = (1, 2, TickRate::hz(20));
        let setup = Setup::new(seed, slots, rate);
        let mut session = Session::new(&setup);
        session.begin(Tick::ZERO, &[0, 1].map(|slot| Entry::Join(Slot(slot))));
        let mut play = Self {
            battle: RULES.start(&setup),
            session,
            tick: Tick::ZERO,
            now: Time::ZERO,
            commander: Commander::new(),
        };
        play.obey(&[]);
        play.commander.look(OWN, &play.battle);
        play
    }

    /// Two bases in corners and nothing else; the cursor is at the own one.
    fn bare() -> Self {
        let mut play = Self::new();
        let Battle {
            units,
            buildings,
            patches,
            ..
        } = &mut play.battle;
        for id in units.ids().collect::<Vec<_>>() {
            units.remove(id);
        }
        for id in buildings.ids().collect::<Vec<_>>() {
            buildings.remove(id);
        }
        for id in patches.ids().collect::<Vec<_>>() {
            patches.remove(id);
        }
        for (slot, at) in [(OWN, place(-30, -30)), (Slot(1), place(30, 30))] {
            buildings.insert(Building::new(slot, Structure::Base, at));
        }
        play.commander = Commander::new();
        play.commander.look(OWN, &play.battle);
        play
    }

    /// Executes a tick.
    fn obey(&mut self, orders: &[Order]) {
        let orders = orders.iter().cloned();
        let orders: Vec<_> = orders.map(|order| GivenCommand::new(OWN, order)).collect();
        let frame = InputFrame::new(self.tick, &self.session, &[], &orders, &[NoInput; 2]);
        RULES.step(&mut self.battle, &frame, &mut Effects::new());
        self.tick += 1;
    }

    fn event(&mut self, key: KeyEvent) {
        let event = Event::Key(key);
        let sight = Some((OWN, &self.battle));
        self.commander.handle(self.now, &event, sight);
    }

    /// Presses a key, some time after the last one; what is ordered by it.
    fn press(&mut self, code: KeyCode) -> Vec<Order> {
        self.now += Duration::from_secs(1);
        self.event(KeyEvent::new(code, KeyModifiers::NONE));
        self.commander.orders()
    }

    /// The same for some letters; what is ordered by the last one.
    fn type_in(&mut self, letters: &str) -> Vec<Order> {
        let pressed = letters
            .chars()
            .map(|letter| self.press(KeyCode::Char(letter)));
        pressed.last().unwrap_or_default()
    }

    /// Moves the cursor there, about, one step after the other.
    fn go(&mut self, to: Place) {
        for _ in 0..200 {
            let Place { x, y } = self.commander.cursor();
            let (right, up) = (to.x - x, to.y - y);
            if right.abs().max(up.abs()) < Fix32::ONE {
                return;
            }
            let key = if right.abs() > up.abs() {
                if right.is_positive() { 'l' } else { 'h' }
            } else if up.is_positive() {
                'k'
            } else {
                'j'
            };
            self.press(KeyCode::Char(key));
        }
        panic!("the cursor does not come to {to:?}");
    }

    /// Draws a box from one place to another.
    fn frame(&mut self, from: Place, to: Place) {
        self.go(from);
        self.type_in(" ");
        self.go(to);
        self.type_in(" ");
    }

    fn unit(&mut self, slot: Slot, kind: Kind, at: Place) -> Id<Unit> {
        self.battle.units.insert(Unit::new(slot, kind, at))
    }

    /// Soldiers side by side, to the right of `at`.
    fn soldiers(&mut self, count: i16, at: Place) -> Vec<Id<Unit>> {
        let place = |number| Place::new(at.x + Fix32::int(number), at.y);
        let places: Vec<_> = (0..count).map(place).collect();
        let ids = places
            .into_iter()
            .map(|at| self.unit(OWN, Kind::Soldier, at));
        let mut ids: Vec<_> = ids.collect();
        // In the order of their rows.
        ids.sort_by_key(|id| self.battle.units.row(*id));
        ids
    }

    fn tasks(&self, ids: &[Id<Unit>]) -> Vec<Task> {
        let units = ids.iter().filter_map(|id| self.battle.units.get(*id));
        units.map(|unit| unit.task).collect()
    }

    fn line(&self) -> String {
        self.commander.lines().join("\n")
    }
}

#[test]
fn the_cursor_begins_at_home_and_goes_by_arrows_and_letters() {
    let mut play = Play::bare();
    let home = play.commander.cursor();
    assert_eq!(home, place(-30, -30));
    let step = play.battle.round.half / Fix32::int(32);
    let right = Place::new(home.x + step, home.y);
    let corner = Place::new(home.x + step, home.y + step);
    for [first, second, back, down] in [
        [KeyCode::Right, KeyCode::Up, KeyCode::Left, KeyCode::Down],
        ['l', 'k', 'h', 'j'].map(KeyCode::Char),
    ] {
        play.press(first);
        assert_eq!(play.commander.cursor(), right);
        play.press(second);
        assert_eq!(play.commander.cursor(), corner);
        play.press(back);
        play.press(down);
        assert_eq!(play.commander.cursor(), home);
    }
}

/// Regression: when a round is predicted to begin, nobody is known to have joined.
#[test]
fn home_is_where_the_round_turns_out_to_begin() {
    let mut play = Play::bare();
    let own = play.battle.bases_of(OWN).next();
    let own = own.and_then(|row| play.battle.buildings.id(row));
    let own = own.expect("the own base");
    let base = play.battle.buildings.get(own).expect("the own base");
    play.commander = Commander::new();
    play.battle.buildings.remove(own);
    play.commander.look(OWN, &play.battle);
    assert_eq!(play.commander.cursor(), Place::ZERO);
    for at in [place(-30, 10), place(20, 10)] {
        let position = at;
        let id = play.battle.buildings.insert(Building {
            position,
            ..base.clone()
        });
        play.commander.look(OWN, &play.battle);
        assert_eq!(play.commander.cursor(), at);
        play.battle.buildings.remove(id);
    }
    // Who has moved stays where they are.
    play.press(KeyCode::Left);
    let cursor = play.commander.cursor();
    assert_ne!(cursor, place(20, 10));
    play.battle.buildings.insert(base);
    play.commander.look(OWN, &play.battle);
    assert_eq!(play.commander.cursor(), cursor);
}

#[test]
fn a_key_that_is_held_moves_the_cursor_faster_and_never_off_the_plain() {
    let mut play = Play::bare();
    let mut hold = |millis, presses: u16| {
        let before = play.commander.cursor().x;
        for _ in 0..presses {
            play.now += Duration::from_millis(millis);
            play.event(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE));
        }
        let way = play.commander.cursor().x - before;
        play.commander = Commander::new();
        play.commander.look(OWN, &play.battle);
        way
    };
    let (apart, held) = (hold(400, 8), hold(33, 8));
    assert_eq!(held, apart / Fix32::int(8) * Fix32::int(4 + 2 * 4));
    // A second is enough for the way across.
    let half = play.battle.round.half;
    for _ in 0..30 {
        play.now += Duration::from_millis(33);
        let repeat = KeyEventKind::Repeat;
        let key = KeyEvent::new_with_kind(KeyCode::Up, KeyModifiers::NONE, repeat);
        play.event(key);
    }
    assert_eq!(play.commander.cursor().y, half);
}

#[test]
fn a_box_selects_the_soldiers_in_it_and_they_go_where_the_cursor_is() {
    let mut play = Play::bare();
    let inside = play.soldiers(5, place(-10, 0));
    let outside = play.soldiers(3, place(-10, 10));
    let worker = play.unit(OWN, Kind::Worker, place(-9, 0));
    let foreign = play.unit(Slot(1), Kind::Soldier, place(-8, 1));
    play.frame(place(-12, 2), place(-3, -2));
    let rows = play.commander.selected(OWN, &play.battle);
    let ids: Vec<_> = rows
        .iter()
        .filter_map(|row| play.battle.units.id(*row))
        .collect();
    assert_eq!(ids, inside);
    assert!(play.line().starts_with("5 soldiers"), "{}", play.line());
    play.battle.units.remove(foreign);

    play.go(place(10, -10));
    let to = play.commander.cursor();
    let who = Who::units(inside.iter().copied());
    let queued = false;
    let orders = play.type_in("m");
    assert_eq!(
        orders,
        [Order::Move {
            who: who.clone(),
            to,
            queued
        }]
    );
    play.obey(&orders);
    assert_eq!(play.tasks(&inside), [Task::Move; 5]);
    assert_eq!(play.tasks(&outside), [Task::Idle; 3]);
    assert_eq!(play.tasks(&[worker]), [Task::Idle]);

    // On their way they are still selected, and one of them dies.
    play.battle.units.remove(inside[0]);
    play.go(place(20, 0));
    let (to, queued) = (play.commander.cursor(), true);
    let who = Who::units(inside[1..].iter().copied());
    let then = Order::Move { who, to, queued };
    assert_eq!(play.type_in("M"), core::slice::from_ref(&then));
    // Some terminals tell of shift and the key.
    play.event(KeyEvent::new(KeyCode::Char('m'), KeyModifiers::SHIFT));
    assert_eq!(play.commander.orders(), []);
    play.now += Duration::from_secs(1);
    play.event(KeyEvent::new(KeyCode::Char('m'), KeyModifiers::SHIFT));
    assert_eq!(play.commander.orders(), [then]);
}

#[test]
fn a_box_around_the_cursor_alone_selects_who_is_there() {
    let mut play = Play::bare();
    play.go(place(-5, 5));
    let at = play.commander.cursor();
    let id = play.unit(OWN, Kind::Soldier, at);
    play.type_in("  ");
    let who = Who::units([id]);
    assert_eq!(play.type_in("s"), [Order::Stop { who }]);
    // Where no soldier is, workers are selected.
    play.battle.units.remove(id);
    let worker = play.unit(OWN, Kind::Worker, at);
    play.type_in("  ");
    let who = Who::units([worker]);
    assert_eq!(play.type_in("s"), [Order::Stop { who }]);
    play.battle.units.remove(worker);
    play.type_in("  ");
    assert_eq!(play.line(), "nobody is there");
    assert_eq!(play.type_in("s"), []);
}

#[test]
fn who_are_too_many_to_be_named_are_named_by_where_they_are() {
    let mut play = Play::bare();
    let inside = play.soldiers(17, place(-10, 0));
    let outside = play.soldiers(3, place(-10, 10));
    play.frame(place(-12, 2), place(9, -2));
    for _ in 0..2 {
        // Also when they have gone elsewhere.
        play.go(place(10, -20));
        let orders = play.type_in("m");
        let [
            Order::Move {
                who: Who::In { kind, area },
                ..
            },
        ] = &orders[..]
        else {
            panic!("{orders:?}");
        };
        assert_eq!(*kind, Kind::Soldier);
        assert!(inside.iter().all(|id| {
            let unit = play.battle.units.get(*id).expect("it lives");
            area.contains(unit.position)
        }));
        // Until it is executed, they walk on.
        (0..3).for_each(|_| play.obey(&[]));
        play.obey(&orders);
        assert_eq!(play.tasks(&inside), [Task::Move; 17]);
        assert_eq!(play.tasks(&outside), [Task::Idle; 3]);
        (0..100).for_each(|_| play.obey(&[]));
    }
}

#[test]
fn all_of_a_kind_are_selected_wherever_they_are() {
    let mut play = Play::new();
    let half = play.battle.round.half;
    for (key, kind, count) in [('a', Kind::Soldier, 32), ('w', Kind::Worker, 4)] {
        play.press(KeyCode::Char(key));
        assert_eq!(play.commander.selected(OWN, &play.battle).len(), count);
        let area = Area::around(Place::ZERO, half);
        let who = Who::In { kind, area };
        let orders = play.type_in("s");
        assert_eq!(orders, [Order::Stop { who }]);
    }
    play.press(KeyCode::Char('a'));
    let orders = play.type_in("m");
    play.obey(&orders);
    let own = play.battle.units_of(OWN, Kind::Soldier);
    let tasks: Vec<_> = own.map(|row| play.battle.units.task[row]).collect();
    assert_eq!(tasks, [Task::Move; 32]);
}

#[test]
fn soldiers_attack_who_is_nearest_to_the_cursor() {
    let mut play = Play::bare();
    play.soldiers(2, place(-10, 0));
    let near = play.unit(Slot(1), Kind::Worker, place(15, 0));
    play.unit(Slot(1), Kind::Soldier, place(15, -20));
    play.type_in("a");
    play.go(place(13, 1));
    let target = |orders: &[Order]| match orders {
        [Order::Attack { target, .. }] => Some(*target),
        _ => None,
    };
    assert_eq!(target(&play.type_in("t")), Some(Target::Unit(near)));
    play.go(place(29, 27));
    let base = play.battle.bases_of(Slot(1)).next();
    let base = base.and_then(|row| play.battle.buildings.id(row));
    let orders = play.type_in("t");
    assert_eq!(target(&orders), base.map(Target::Building));
    play.obey(&orders);
    let own = play.battle.units_of(OWN, Kind::Soldier);
    let tasks: Vec<_> = own.map(|row| play.battle.units.task[row]).collect();
    let attack = base.map(|id| Task::Attack(Target::Building(id)));
    assert_eq!(tasks, [attack.expect("a base"); 2]);

    play.unit(OWN, Kind::Worker, place(-10, 0));
    assert_eq!(play.type_in("wt"), []);
    assert!(
        play.line().contains("A selects soldiers"),
        "{}",
        play.line()
    );
}

#[test]
fn workers_gather_at_the_patch_nearest_to_the_cursor() {
    let mut play = Play::bare();
    let worker = play.unit(OWN, Kind::Worker, place(-10, 0));
    let patch = |x| Patch {
        position: place(x, 0),
        ore: 100,
    };
    play.go(place(10, 0));
    assert_eq!(play.type_in("wg"), [], "there is none");
    play.battle.patches.insert(patch(-12));
    let near = play.battle.patches.insert(patch(12));
    let orders = play.type_in("wg");
    assert!(matches!(&orders[..], [Order::Gather { patch, .. }] if *patch == near));
    play.obey(&orders);
    assert_eq!(play.tasks(&[worker]), [Task::Gather(near)]);

    play.soldiers(1, place(-10, 0));
    assert_eq!(play.type_in("ag"), []);
    assert!(play.line().contains("W selects workers"), "{}", play.line());
}

#[test]
fn the_nearest_worker_who_does_not_build_builds_barracks() {
    let mut play = Play::bare();
    assert_eq!(play.type_in("b"), []);
    assert_eq!(play.line(), "you have no workers");
    let near = play.unit(OWN, Kind::Worker, place(-18, -20));
    let far = play.unit(OWN, Kind::Worker, place(-28, -20));
    assert_eq!(play.type_in("b"), []);
    assert_eq!(play.line(), "there is no room for barracks");
    play.go(place(-15, -20));
    let at = play.commander.cursor();
    let structure = Structure::Barracks;
    let build = |worker| Order::Build {
        worker,
        structure,
        at,
    };
    play.battle.players[0].ore = 149;
    assert_eq!(play.type_in("b"), []);
    assert_eq!(play.line(), "barracks cost 150 ore");
    play.battle.players[0].ore = 150;
    let orders = play.type_in("b");
    assert_eq!(orders, [build(near)]);
    play.obey(&orders);
    assert_eq!(play.battle.buildings_of(OWN).count(), 2);
    assert!(matches!(play.tasks(&[near])[..], [Task::Build(_)]));
    // Beside it, without ore: the other one helps.
    play.press(KeyCode::Right);
    let orders = play.type_in("b");
    assert_eq!(orders, [build(far)]);
    play.obey(&orders);
    assert_eq!(play.battle.buildings_of(OWN).count(), 2);
    assert_eq!(play.tasks(&[near]), play.tasks(&[far]));
}

#[test]
fn every_building_trains_as_far_as_the_ore_goes() {
    let mut play = Play::bare();
    for x in [-20, -10] {
        let barracks = Building::new(OWN, Structure::Barracks, place(x, -30));
        play.battle.buildings.insert(barracks);
    }
    let site = Building::site(OWN, Structure::Barracks, place(0, -30));
    play.battle.buildings.insert(site);
    // A worker, and one of two soldiers.
    play.battle.players[0].ore = 50 + 60 + 59;
    let orders = play.type_in("T");
    assert_eq!(orders.len(), 2, "{orders:?}");
    assert_eq!(play.line(), "2 more in training");
    play.obey(&orders);
    assert_eq!(play.battle.players[0].ore, 59);
    play.battle.players[0].ore = 10_000;
    for left in [3, 3, 3, 3, 1, 0] {
        let orders = play.type_in("T");
        assert_eq!(orders.len(), left);
        play.obey(&orders);
    }
    assert!(play.line().contains("no room"), "{}", play.line());
}

#[test]
fn some_keys_quit_also_before_there_is_a_battle() {
    let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let plain = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
    for quits in [plain('q'), plain('Q'), control] {
        let mut commander = Commander::new();
        commander.handle(Time::ZERO, &Event::Key(quits), None);
        assert!(commander.quit_requested(), "{quits:?}");
    }
    let mut commander = Commander::new();
    let alt = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
    let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
    for stays in [plain('c'), plain('a'), plain('m'), plain('T'), alt, escape] {
        commander.handle(Time::ZERO, &Event::Key(stays), None);
        commander.handle(Time::ZERO, &Event::FocusLost, None);
    }
    assert!(!commander.quit_requested());
    assert_eq!(commander.orders(), []);
}

#[test]
fn the_keys_are_shown_at_first_and_whenever_they_are_asked_for() {
    let mut play = Play::new();
    assert_eq!(play.commander.lines(), commander::KEYS);
    play.press(KeyCode::Left);
    assert_eq!(play.commander.lines(), commander::KEYS);
    play.type_in("a");
    assert!(play.line().starts_with("32 soldiers"), "{}", play.line());
    play.type_in("?");
    assert_eq!(play.commander.lines(), commander::KEYS);
    // As some terminals tell of it.
    play.now += Duration::from_secs(1);
    play.event(KeyEvent::new(KeyCode::Char('/'), KeyModifiers::SHIFT));
    assert!(play.line().starts_with("32 soldiers"), "{}", play.line());
}

#[test]
fn escape_drops_the_box_and_then_the_selection() {
    let mut play = Play::new();
    play.type_in("a ");
    assert!(play.commander.area().is_some());
    play.press(KeyCode::Esc);
    assert_eq!(play.commander.area(), None);
    assert_eq!(play.commander.selected(OWN, &play.battle).len(), 32);
    play.press(KeyCode::Esc);
    assert_eq!(play.type_in("m"), []);
    assert!(
        play.line().contains("nobody is selected"),
        "{}",
        play.line()
    );
}

#[test]
fn a_key_that_is_held_orders_once() {
    let mut play = Play::new();
    play.type_in("a");
    assert_eq!(play.type_in("m").len(), 1);
    for _ in 0..10 {
        play.now += Duration::from_millis(33);
        play.event(KeyEvent::new(KeyCode::Char('m'), KeyModifiers::NONE));
    }
    play.now += Duration::from_secs(1);
    for kind in [KeyEventKind::Repeat, KeyEventKind::Release] {
        let key = KeyEvent::new_with_kind(KeyCode::Char('m'), KeyModifiers::NONE, kind);
        play.event(key);
    }
    assert_eq!(play.commander.orders(), []);
    assert_eq!(play.type_in("m").len(), 1);
}

#[test]
fn in_an_intermission_nothing_is_ordered_and_the_next_round_begins_at_home() {
    let mut play = Play::new();
    let home = play.commander.cursor();
    play.go(place(0, 0));
    play.type_in("a");
    play.battle.round.phase = Phase::Intermission;
    play.battle.round.age = 0;
    assert_eq!(play.type_in("msTb"), []);
    assert!(play.line().contains("no orders"), "{}", play.line());
    while play.battle.round.phase == Phase::Intermission {
        play.obey(&[]);
    }
    play.commander.look(OWN, &play.battle);
    let base = play.battle.bases_of(OWN).next().expect("a base");
    let base = play.battle.buildings.position[base];
    assert_eq!(play.commander.cursor(), base);
    assert_ne!(base, home, "the order of the slots has moved on");
    assert!(play.commander.selected(OWN, &play.battle).is_empty());
}

/// Whatever is typed fits into a command and harms nobody.
#[test]
fn every_order_fits_into_a_command() {
    let keys: Vec<_> = "hjklHJKL awmMtgbTs?xyz/"
        .chars()
        .map(KeyCode::Char)
        .collect();
    let mut play = Play::new();
    let (mut bits, mut given) = (7, 0);
    for number in 0..4000_u64 {
        bits = mix(bits ^ number);
        let key = usize::try_from(bits % keys.len() as u64).expect("few keys");
        play.now += Duration::from_millis(bits >> 32 & 0xff);
        play.event(KeyEvent::new(keys[key], KeyModifiers::NONE));
        let orders = play.commander.orders();
        for order in &orders {
            let bytes = u32::try_from(to_bytes(order).len()).expect("few bytes");
            assert!(bytes <= Order::MAX_BYTES, "{order:?}");
        }
        given += orders.len();
        play.obey(&orders);
    }
    assert!(given > 200, "{given}");
}

#[test]
fn what_is_not_taken_does_not_grow() {
    let mut play = Play::new();
    for number in 0..1000 {
        play.now += Duration::from_secs(1);
        let letter = if number % 2 == 0 { 'a' } else { 's' };
        play.event(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
    }
    assert_eq!(play.commander.orders().len(), 32);
}

#[test]
fn the_cursor_the_box_and_the_selected_are_seen() {
    let mut play = Play::bare();
    play.soldiers(3, place(10, 20));
    let draw = |play: &Play| {
        let area = Rect::new(0, 0, 80, 24);
        let mut buf = Buffer::empty(area);
        let view = BattleView::new(&play.battle).own(Some(OWN));
        view.commander(&play.commander).render(area, &mut buf);
        buf
    };
    let count = |buf: &Buffer, back| {
        let cells = buf.content().iter();
        cells.filter(|cell| cell.bg == Color::Indexed(back)).count()
    };
    play.go(place(0, 0));
    let drawn = draw(&play);
    let crosses = drawn.content().iter().filter(|cell| cell.symbol() == "┼");
    assert_eq!(crosses.count(), 1);
    assert_eq!((count(&drawn, 240), count(&drawn, 238)), (0, 0));
    play.type_in(" ");
    play.go(place(5, -5));
    let drawn = draw(&play);
    assert!(count(&drawn, 238) > 4);
    play.type_in(" a");
    let drawn = draw(&play);
    assert_eq!(count(&drawn, 238), 0);
    assert!((1..=3).contains(&count(&drawn, 240)));
    // Of another round, on another plain, nothing of it is left.
    play.battle.round.half = Fix32::STEP;
    draw(&play);
}
