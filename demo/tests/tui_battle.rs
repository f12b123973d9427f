//! What a person sees of a skirmish, as text: the picture drawn into a terminal in memory.

use expect_test::expect_file;
use phalanx::skirmish::{
    Battle, Building, Cue, Kind, Patch, Phase, Place, Skirmish, Structure, Target, Unit,
};
use phalanx::tui::{BattleView, PeerView, WatchView, color, draw_watch};
use phalanx_engine::{
    Effects, Entry, Fix32, GivenCommand, InputFrame, NoInput, Session, Setup, Simulation, Slot,
    Tick, TickRate,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::widgets::Widget;

/// A match between bots after `ticks` ticks, or when it is as it should be.
fn play(units: u32, slots: u8, ticks: u64, stop: impl Fn(&Battle) -> bool) -> Battle {
    let rate = TickRate::hz(20);
    let seed = 7;
    let setup = Setup::new(seed, slots, rate);
    let rules = Skirmish { units };
    let (mut battle, mut session) = (rules.start(&setup), Session::new(&setup));
    let joins: Vec<_> = Slot::all(slots).map(Entry::Join).collect();
    session.begin(Tick::ZERO, &joins);
    for tick in Tick::ZERO.until(Tick(ticks)) {
        let orders = Slot::all(slots).flat_map(|slot| {
            let orders = rules.bot_commands(&battle, slot);
            orders
                .into_iter()
                .map(move |order| GivenCommand::new(slot, order))
        });
        let orders: Vec<_> = orders.collect();
        let inputs = vec![NoInput; slots.into()];
        let frame = InputFrame::new(tick, &session, &[], &orders, &inputs);
        rules.step(&mut battle, &frame, &mut Effects::new());
        if stop(&battle) {
            break;
        }
    }
    battle
}

fn battle(units: u32, slots: u8, ticks: u64) -> Battle {
    play(units, slots, ticks, |_| false)
}

fn place(x: i16, y: i16) -> Place {
    Place::new(Fix32::int(x), Fix32::int(y))
}

/// A battle of two that has begun, with nothing on the plain.
fn bare() -> Battle {
    let mut battle = battle(64, 2, 1);
    for id in battle.units.ids().collect::<Vec<_>>() {
        battle.units.remove(id);
    }
    for id in battle.buildings.ids().collect::<Vec<_>>() {
        battle.buildings.remove(id);
    }
    for id in battle.patches.ids().collect::<Vec<_>>() {
        battle.patches.remove(id);
    }
    battle.round.age = 1234;
    battle
}

/// One of everything, two armies, and a score.
fn scene() -> Battle {
    let mut battle = bare();
    let mut unit = |slot, kind, at| battle.units.insert(Unit::new(Slot(slot), kind, at));
    for number in 0..150 {
        unit(0, Kind::Soldier, place(-12 + number % 10, 5 - number / 10));
    }
    for number in 0..20 {
        unit(1, Kind::Soldier, place(4 + number % 5, -4 + number / 5 * 3));
    }
    unit(0, Kind::Worker, place(-36, 8));
    for _ in 0..5 {
        unit(1, Kind::Worker, place(36, -8));
    }
    let hurt = unit(1, Kind::Soldier, place(20, 20));
    let row = battle.units.row(hurt).expect("it lives");
    battle.units.health.set(row, 10);
    let buildings = &mut battle.buildings;
    for (slot, at) in [(0, place(-36, 0)), (1, place(36, 0))] {
        buildings.insert(Building::new(Slot(slot), Structure::Base, at));
    }
    let training = vec![Kind::Soldier; 3];
    let barracks = Building::new(Slot(0), Structure::Barracks, place(-36, 20));
    buildings.insert(Building {
        training,
        ..barracks
    });
    let site = Building::site(Slot(1), Structure::Barracks, place(36, 20));
    let missing = 156;
    buildings.insert(Building { missing, ..site });
    for (at, ore) in [
        (place(-30, 30), 600),
        (place(30, -30), 40),
        (place(36, -8), 600),
    ] {
        battle.patches.insert(Patch { position: at, ore });
    }
    battle.players[0].wins = 3;
    battle.players[0].ore = 1250;
    battle.players[1].ore = 12_345;
    battle
}

fn draw(width: u16, height: u16, battle: &Battle, own: Option<Slot>) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    BattleView::new(battle).own(own).render(area, &mut buf);
    buf
}

/// The rows of a drawing, without blanks at their ends.
fn text(buf: &Buffer) -> String {
    let rows = buf.content().chunks(buf.area.width.max(1).into());
    let rows = rows.map(|row| {
        let row: String = row.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", row.trim_end())
    });
    rows.collect()
}

#[test]
fn one_of_everything() {
    let battle = scene();
    for (width, height, golden) in [
        (60, 16, expect_file!["tui/battle_60x16.txt"]),
        (80, 24, expect_file!["tui/battle_80x24.txt"]),
        (120, 40, expect_file!["tui/battle_120x40.txt"]),
    ] {
        golden.assert_eq(&text(&draw(width, height, &battle, Some(Slot(0)))));
    }
}

#[test]
fn before_anybody_is_there() {
    expect_file!["tui/battle_waiting.txt"].assert_eq(&text(&draw(60, 16, &battle(64, 2, 0), None)));
}

#[test]
fn at_the_start_of_a_round() {
    let drawn = draw(80, 24, &battle(64, 2, 10), Some(Slot(1)));
    expect_file!["tui/battle_start.txt"].assert_eq(&text(&drawn));
    let alone = text(&draw(80, 24, &battle(64, 1, 10), Some(Slot(0))));
    assert!(alone.contains("alone"), "{alone}");
}

#[test]
fn an_empty_plain() {
    let drawn = text(&draw(60, 16, &bare(), None));
    expect_file!["tui/battle_empty.txt"].assert_eq(&drawn);
    for row in drawn.lines().skip(2) {
        assert_eq!(row.trim_matches([' ', '│']), "", "{drawn}");
    }
}

#[test]
fn the_winner_is_named() {
    let mut battle = scene();
    battle.round.phase = Phase::Intermission;
    battle.round.age = 10;
    let drawn = text(&draw(80, 24, &battle, None));
    assert!(drawn.contains("R O U N D   O V E R"), "{drawn}");
    assert!(drawn.contains("slot 0 wins the round"), "{drawn}");
    // As many units as the other.
    let units = &mut battle.units;
    for _ in 0..125 {
        units.insert(Unit::new(Slot(1), Kind::Soldier, Place::ZERO));
    }
    let drawn = text(&draw(80, 24, &battle, None));
    assert!(drawn.contains("nobody wins the round"), "{drawn}");
    battle.players[1].plays = false;
    let drawn = text(&draw(80, 24, &battle, None));
    assert!(drawn.contains("slot 0 wins the round"), "{drawn}");
    assert!(drawn.contains("1 is out"), "{drawn}");
}

#[test]
fn the_one_who_is_named_is_the_one_with_the_point() {
    let over = |battle: &Battle| battle.round.number == 1 && battle.round.phase != Phase::War;
    let battle = play(16, 2, 10_000, over);
    assert!(over(&battle), "the first round ends");
    let winner = Slot::all(2).find(|slot| battle.players[usize::from(slot.0)].wins > 0);
    let winner = winner.expect("somebody wins");
    let drawn = text(&draw(80, 24, &battle, None));
    assert!(
        drawn.contains(&format!("slot {winner} wins the round")),
        "{drawn}"
    );
}

/// The cells of that glyph: their colours, in front and behind.
fn colors(buf: &Buffer, glyph: &str) -> Vec<(Color, Color)> {
    let cells = buf.content().iter();
    let cells = cells.filter(|cell| cell.symbol() == glyph);
    cells.map(|cell| (cell.fg, cell.bg)).collect()
}

#[test]
fn everybody_has_the_colour_of_their_slot() {
    let mut battle = bare();
    for slot in Slot::all(8) {
        let at = place(-35 + 10 * i16::from(slot.0), 0);
        let soldier = Unit::new(slot, Kind::Soldier, at);
        battle.units.insert(soldier);
        let worker = Unit::new(slot, Kind::Worker, place(-35 + 10 * i16::from(slot.0), 20));
        battle.units.insert(worker);
        let base = place(-35 + 10 * i16::from(slot.0), -20);
        battle
            .buildings
            .insert(Building::new(slot, Structure::Base, base));
    }
    let drawn = draw(80, 24, &battle, None);
    let all: Vec<_> = Slot::all(8).map(color).collect();
    let front = |glyph| {
        let cells = colors(&drawn, glyph).into_iter();
        cells
            .filter(|(_, back)| *back == Color::Reset)
            .map(|(front, _)| front)
            .collect::<Vec<_>>()
    };
    assert_eq!(front("w"), all);
    let dots = drawn
        .content()
        .iter()
        .filter(|cell| ("⠀"..="⣿").contains(&cell.symbol()));
    assert_eq!(dots.map(|cell| cell.fg).collect::<Vec<_>>(), all);
    let bases = colors(&drawn, "B").into_iter().map(|(_, back)| back);
    assert_eq!(bases.collect::<Vec<_>>(), all);
}

#[test]
fn the_wounded_lie_on_red() {
    let battle = scene();
    let drawn = draw(80, 24, &battle, None);
    let red = |buf: &Buffer| {
        let cells = buf.content().iter();
        cells.filter(|cell| cell.bg == Color::Indexed(52)).count()
    };
    assert_eq!(red(&drawn), 1);
    let mut battle = battle;
    for row in battle.units.rows().collect::<Vec<_>>() {
        let whole = battle.units.kind[row].health();
        battle.units.health.set(row, whole);
    }
    assert_eq!(red(&draw(80, 24, &battle, None)), 0);
}

#[test]
fn a_damaged_building_is_dark_in_part() {
    let mut battle = bare();
    let base = Building::new(Slot(0), Structure::Base, Place::ZERO);
    let health = base.health / 2;
    battle.buildings.insert(Building { health, ..base });
    let drawn = draw(200, 60, &battle, None);
    let lit = |bg| drawn.content().iter().filter(|cell| cell.bg == bg).count();
    // The bar of the player, who has no soldier, is as dark.
    let bars = 2 * (200 / 2 - 1);
    let (bright, dark) = (lit(color(Slot(0))), lit(Color::Indexed(236)) - bars);
    assert!(bright >= dark && dark > 0, "{bright} and {dark}");
}

#[test]
fn a_bar_is_as_long_as_an_army() {
    let drawn = draw(80, 24, &scene(), None);
    let lit = |slot| {
        let top = drawn.content()[80..160].iter();
        top.filter(|cell| cell.bg == color(Slot(slot))).count()
    };
    assert_eq!((lit(0), lit(1)), (39, 39 * 21 / 150));
}

#[test]
fn ten_thousand_units_and_all_slots() {
    let battle = battle(10_000, 8, 100);
    assert!(battle.units.len() > 9_900);
    expect_file!["tui/battle_crowd.txt"].assert_eq(&text(&draw(100, 30, &battle, Some(Slot(3)))));
}

/// In a terminal, with the figures of the peers below.
fn watch(width: u16, height: u16, battle: &Battle, peers: u8) -> Buffer {
    let names = (0..peers).map(|slot| format!("slot {slot}"));
    let peers: Vec<_> = names.map(PeerView::new).collect();
    let view = WatchView {
        picture: Some(BattleView::new(battle).into()),
        peers: &peers,
        title: "match over wifi",
        notice: None,
    };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw_watch(frame, &view)).unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn a_match_is_watched() {
    let drawn = watch(80, 24, &scene(), 2);
    expect_file!["tui/battle_watch.txt"].assert_eq(&text(&drawn));
}

#[test]
fn whatever_the_size_nothing_panics() {
    let (scene, crowd, empty) = (scene(), battle(400, 8, 50), battle(64, 8, 0));
    for battle in [&scene, &crowd, &empty] {
        for width in (0..90).step_by(3) {
            for height in (0..40).step_by(3) {
                draw(width, height, battle, Some(Slot(1)));
                watch(width, height, battle, 8);
            }
        }
        for (width, height) in [
            (1, 200),
            (2000, 3),
            (1000, 300),
            (u16::MAX, 1),
            (1, u16::MAX),
        ] {
            draw(width, height, battle, None);
        }
    }
}

#[test]
fn a_damaged_state_is_drawn_too() {
    let mut battle = scene();
    let corners = [(Fix32::MIN, Fix32::MAX), (Fix32::MAX, Fix32::MIN)];
    for (x, y) in corners.into_iter().chain([(Fix32::ZERO, Fix32::ZERO)]) {
        let at = Place::new(x, y);
        battle.units.insert(Unit::new(Slot(255), Kind::Soldier, at));
        let building = Building::site(Slot(99), Structure::Base, at);
        let missing = u16::MAX;
        battle.buildings.insert(Building {
            missing,
            ..building
        });
        let health = u16::MAX;
        let building = Building::new(Slot(8), Structure::Base, at);
        battle.buildings.insert(Building { health, ..building });
        battle.patches.insert(Patch {
            position: at,
            ore: u32::MAX,
        });
    }
    for half in [Fix32::MIN, Fix32::ZERO, Fix32::STEP, Fix32::MAX] {
        battle.round.half = half;
        draw(80, 24, &battle, None);
        // Here a building is as large as the terminal.
        draw(1000, 300, &battle, None);
    }
    battle.round.age = u16::MAX;
    battle.round.entrants = u8::MAX;
    battle.players[7].wins = u16::MAX;
    battle.players[6].ore = u32::MAX;
    draw(80, 24, &battle, Some(Slot(255)));
}

#[test]
fn shots_and_deaths_light_up_where_they_are() {
    let mut battle = bare();
    let at = place(3, 4);
    let unit = battle.units.insert(Unit::new(Slot(0), Kind::Soldier, at));
    let lit = |cues: &[Cue]| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        BattleView::new(&battle)
            .cues(cues)
            .render(buffer.area, &mut buffer);
        let cells = buffer.content.iter();
        cells.map(|cell| cell.bg).collect::<Vec<_>>()
    };
    let quiet = lit(&[]);
    let shot = lit(&[Cue::Shot { unit, at }]);
    let who = Target::Unit(unit);
    let death = lit(&[Cue::Shot { unit, at }, Cue::Death { who, at }]);
    let changed = |a: &[Color], b: &[Color]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    assert_eq!(changed(&quiet, &shot), 1, "one cell");
    assert_eq!(changed(&quiet, &death), 1, "the same cell");
    assert_ne!(shot, death);
}
