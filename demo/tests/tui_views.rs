//! What a person sees, as text: the views drawn into a terminal in memory.

use core::time::Duration;

use expect_test::{Expect, expect, expect_file};
use phalanx::duel::{Action, Arena, Cue, Duel, Facing, Fighter, Phase, Stance};
use phalanx::tui::{
    ArenaView, Lamp, PeerView, PlayView, WatchView, draw_play, draw_watch, keyboard,
};
use phalanx_engine::{
    Digest, Effects, Entry, Fix, InputFrame, Session, Setup, Simulation, Slot, Tick, TickRate, Vec2,
};
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use ratatui::{Frame, Terminal};

/// A match between bots after `ticks` ticks.
fn arena(slots: u8, ticks: u64) -> Arena {
    let rate = TickRate::hz(60);
    let setup = Setup::new(7, slots, rate);
    let (mut arena, mut session) = (Duel.start(&setup), Session::new(&setup));
    let joins: Vec<_> = Slot::all(slots).map(Entry::Join).collect();
    session.begin(Tick::ZERO, &joins);
    for tick in Tick::ZERO.until(Tick(ticks)) {
        let pads: Vec<_> = Slot::all(slots)
            .map(|slot| Duel.bot(&arena, slot))
            .collect();
        Duel.step(
            &mut arena,
            &InputFrame::new(tick, &session, &[], &[], &pads),
            &mut Effects::new(),
        );
    }
    arena
}

fn peer(name: &str) -> PeerView {
    let mut peer = PeerView::new(name);
    peer.next = Tick(1234);
    peer.confirmed = Tick(1230);
    peer.agreed = Tick(1228);
    peer.lead_nanos = 42_700_000;
    peer.round_trip = Some(Duration::from_micros(31_270));
    (peer.rollbacks, peer.depth_last, peer.depth_max) = (17, 3, 6);
    (peer.stalls, peer.late_inputs) = (2, Some(1));
    peer.latency_ms = Some((17, 33));
    peer.checksum = Some((Tick(1229), Digest(0x48db_fcef_7a02_1fc4)));
    peer.lamp = Lamp::Green(Tick(1227));
    peer
}

fn terminal(width: u16, height: u16, draw: impl FnOnce(&mut Frame<'_>)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(draw).unwrap();
    terminal
}

/// The rows of a drawing, without blanks at their ends.
fn text(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let rows = buffer.content().chunks(buffer.area.width.max(1).into());
    let rows = rows.map(|row| {
        let row: String = row.iter().map(|cell| cell.symbol()).collect();
        format!("{}\n", row.trim_end())
    });
    rows.collect()
}

fn play(width: u16, height: u16, arena: Option<&Arena>, notice: Option<&str>) -> String {
    let view = PlayView {
        picture: arena.map(|arena| ArenaView::new(arena).own(Some(Slot(0))).into()),
        peer: &peer("you"),
        notice,
        keys: &keyboard::KEYS,
    };
    text(&terminal(width, height, |frame| draw_play(frame, &view)))
}

fn watch(width: u16, height: u16, arena: &Arena, peers: &[PeerView]) -> Terminal<TestBackend> {
    let view = WatchView {
        picture: Some(ArenaView::new(arena).into()),
        peers,
        title: "duel, rollback, wifi, seed 7",
        notice: None,
    };
    terminal(width, height, |frame| draw_watch(frame, &view))
}

#[test]
fn before_the_session_is_joined() {
    let drawn = play(60, 16, None, Some("connecting to 127.0.0.1:4433"));
    expect_file!["tui/connecting.txt"].assert_eq(&drawn);
}

#[test]
fn before_anybody_is_there() {
    let drawn = play(60, 16, Some(&arena(2, 0)), None);
    expect_file!["tui/waiting.txt"].assert_eq(&drawn);
}

#[test]
fn at_the_start_of_a_round() {
    let drawn = play(80, 24, Some(&arena(2, 10)), None);
    expect_file!["tui/start.txt"].assert_eq(&drawn);
}

/// A kick against a block, a projectile on its way, and scores.
fn fight() -> Arena {
    let mut arena = arena(2, 400);
    let fighter = |x, facing| Fighter {
        pos: Vec2::new(x, Fix::ZERO),
        vel: Vec2::ZERO,
        health: 1000,
        wins: 0,
        action: Action::Free,
        left: 0,
        stance: Stance::Standing,
        facing,
        guards: false,
        struck: 0,
    };
    arena.fighters[0] = Fighter {
        health: 730,
        wins: 2,
        action: Action::Heavy,
        left: 20,
        ..fighter(Fix::int(-2), Facing::Right)
    };
    arena.fighters[1] = Fighter {
        health: 120,
        wins: 7,
        guards: true,
        ..fighter(Fix::ZERO, Facing::Left)
    };
    let shot = &mut arena.projectiles[1][0];
    shot.pos = Vec2::new(Fix::int(-6), Fix::ratio(12, 10));
    shot.facing = Facing::Left;
    shot.left = 40;
    arena
}

#[test]
fn in_the_middle_of_a_fight() {
    let arena = fight();
    for (width, height, golden) in [
        (60, 16, expect_file!["tui/fight_60x16.txt"]),
        (80, 24, expect_file!["tui/fight_80x24.txt"]),
        (120, 40, expect_file!["tui/fight_120x40.txt"]),
    ] {
        golden.assert_eq(&play(width, height, Some(&arena), None));
    }
}

#[test]
fn after_a_knock_out() {
    let mut arena = fight();
    arena.round.phase = Phase::Intermission;
    arena.round.left = 100;
    arena.fighters[0].action = Action::Free;
    arena.fighters[1].action = Action::Down;
    arena.fighters[1].health = 0;
    arena.projectiles = Default::default();
    let drawn = play(80, 24, Some(&arena), None);
    expect_file!["tui/knock_out.txt"].assert_eq(&drawn);
    // Nobody was knocked out, and nobody has more health.
    arena.fighters[1].action = Action::Free;
    arena.fighters[1].health = arena.fighters[0].health;
    let drawn = play(80, 24, Some(&arena), None);
    assert!(
        drawn.contains("T I M E") && drawn.contains("a draw"),
        "{drawn}"
    );
}

#[test]
fn alone_one_waits_for_an_opponent() {
    let drawn = play(60, 16, Some(&arena(1, 200)), None);
    assert!(drawn.contains("for an opponent"), "{drawn}");
}

#[test]
fn two_peers_are_watched_side_by_side() {
    let drawn = watch(80, 24, &fight(), &[peer("slot 0"), peer("slot 1")]);
    expect_file!["tui/watch.txt"].assert_eq(&text(&drawn));
}

#[test]
fn eight_peers_are_watched_in_a_table() {
    let peers: Vec<_> = (0..8).map(|slot| peer(&format!("slot {slot}"))).collect();
    let drawn = watch(100, 30, &arena(8, 200), &peers);
    expect_file!["tui/watch_eight.txt"].assert_eq(&text(&drawn));
    // In the smallest terminal some are left out, but no desync.
    let mut peers = peers;
    peers[7].lamp.turn(Lamp::Red(Tick(901)));
    let drawn = text(&watch(60, 16, &arena(8, 200), &peers));
    assert!(
        drawn.contains("✖ 3 more") && drawn.contains("seed 7"),
        "{drawn}"
    );
}

#[test]
fn a_desync_is_red() {
    let mut peers = [peer("slot 0"), peer("slot 1")];
    peers[1].lamp.turn(Lamp::Red(Tick(901)));
    for (width, height) in [(80, 24), (60, 16)] {
        let drawn = watch(width, height, &fight(), &peers);
        let lamp = |glyph| {
            let cells = drawn.backend().buffer().content().iter();
            let mut lamps = cells.filter(|cell| cell.symbol() == glyph);
            // The same dot counts won rounds, in the colours of the slots.
            lamps
                .find(|cell| cell.fg != Color::LightCyan)
                .map(|cell| cell.fg)
        };
        assert_eq!(lamp("✖"), Some(Color::LightRed));
        assert!(text(&drawn).contains('✖'));
    }
    let drawn = text(&watch(80, 24, &fight(), &peers));
    let expected: Expect =
        expect!["┌ ● slot 0 same at 1227 ───────────────┐┌ ✖ slot 1 DESYNC at 901 ──────────────┐"];
    let title = drawn.lines().find(|line| line.contains("DESYNC"));
    expected.assert_eq(title.unwrap_or_default());
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    let drawn = play(50, 6, Some(&fight()), None);
    expect_file!["tui/too_small.txt"].assert_eq(&drawn);
    // Whatever the size, nothing panics.
    let peers = [peer("slot 0"), peer("slot 1"), peer("slot 2")];
    for width in (0..200).step_by(7) {
        for height in 0..50 {
            play(width, height, Some(&fight()), None);
            watch(width, height, &fight(), &peers);
        }
    }
}

#[test]
fn a_damaged_state_is_drawn_too() {
    let mut arena = fight();
    arena.fighters[0].pos = Vec2::new(Fix::MIN, Fix::MAX);
    arena.fighters[1].pos = Vec2::new(Fix::MAX, Fix::MIN);
    arena.fighters[1].health = u16::MAX;
    arena.round.left = u16::MAX;
    arena.projectiles[0][0].left = 1;
    arena.projectiles[0][0].pos = Vec2::new(Fix::MAX, Fix::MAX);
    play(80, 24, Some(&arena), None);
}

#[test]
fn what_just_happened_stands_above_the_head() {
    let arena = arena(2, 120);
    let (hit, block) = (
        Cue::Hit {
            slot: Slot(0),
            damage: 20,
        },
        Cue::Block(Slot(1)),
    );
    let shown = |cues: &[Cue]| {
        let view = PlayView {
            picture: Some(ArenaView::new(&arena).cues(cues).into()),
            peer: &peer("you"),
            notice: None,
            keys: &keyboard::KEYS,
        };
        text(&terminal(100, 30, |frame| draw_play(frame, &view)))
    };
    let quiet = shown(&[]);
    assert!(!quiet.contains("HIT") && !quiet.contains("BLOCK"));
    let both = shown(&[hit, block]);
    assert!(both.contains("HIT") && both.contains("BLOCK"), "{both}");
    let newest = shown(&[hit, Cue::Throw(Slot(0)), Cue::RoundOver]);
    assert!(
        newest.contains("THROW") && !newest.contains("HIT"),
        "{newest}"
    );
}
