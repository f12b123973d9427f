//! `replay play`: the match again in the terminal, at any speed and both ways; without a terminal it is
//! executed to its end.

use core::time::Duration;
use std::io::IsTerminal;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use phalanx_engine::{Record, Replay, Tick};
use phalanx_netcode::quic::Clock;
use serde::Serialize;

use super::{Reader, Stage, replay_failure, tick_of};
use crate::exit::{Exit, Failure};
use crate::game::Game;
use crate::summary::SCHEMA_VERSION;
use crate::tui::{Flashes, Screen, WatchView, draw_watch};

/// From one picture to the next.
const FRAME: Duration = Duration::from_millis(16);

/// How fast it is shown, in quarters of real time, and which of these is real time.
const SPEEDS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
const REAL: usize = 2;

/// The keys, in this order.
#[derive(Serialize)]
struct Answer {
    schema_version: u32,
    command: &'static str,
    game: &'static str,
    tick: Option<u64>,
    checksum: Option<String>,
    exit_code: u8,
}

pub(super) fn run<G: Game>(
    stage: &Stage<'_>,
    mut replay: Replay<G, Reader>,
) -> Result<Exit, Failure> {
    let path = &stage.args.file;
    let failed = |error| replay_failure(path, &error);
    if stage.args.tick.is_some() {
        let tick = tick_of(stage.args, replay.record())?;
        replay.seek(tick).map_err(failed)?;
    }
    let seen = !stage.console.json && !stage.console.quiet && std::io::stdout().is_terminal();
    if seen {
        watch(stage, &mut replay)?;
    } else {
        while !stage.interrupt.is_raised() && replay.step().map_err(failed)? {}
    }
    let exit = if stage.interrupt.is_raised() {
        Exit::Interrupted
    } else {
        Exit::Fine
    };
    let answer = Answer {
        schema_version: SCHEMA_VERSION,
        command: "replay play",
        game: G::ID,
        tick: replay.at().map(|tick| tick.0),
        checksum: replay.checksum().map(|checksum| checksum.to_string()),
        exit_code: exit.code(),
    };
    let text = match (answer.tick, &answer.checksum) {
        (Some(tick), Some(checksum)) => format!("tick {tick}, checksum {checksum}"),
        _ => "nothing was played".into(),
    };
    stage.console.result(&answer, &text)?;
    Ok(exit)
}

/// What whoever watches wants.
struct Player {
    paused: bool,
    speed: usize,
    /// Ticks to go, forth or back.
    step: i64,
    quit: bool,
}

impl Player {
    /// `second` is how many ticks a second has, `room` how many there are to go, back and forth.
    fn handle(&mut self, event: &Event, second: i64, room: (i64, i64)) {
        let Event::Key(KeyEvent {
            code,
            modifiers,
            kind: KeyEventKind::Press | KeyEventKind::Repeat,
            ..
        }) = event
        else {
            return;
        };
        let ends = modifiers.contains(KeyModifiers::CONTROL) && *code == KeyCode::Char('c');
        match code {
            _ if ends => self.quit = true,
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => self.quit = true,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Char('+') | KeyCode::Up => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            KeyCode::Char('-') | KeyCode::Down => self.speed = self.speed.saturating_sub(1),
            KeyCode::Char('.') => (self.paused, self.step) = (true, self.step + 1),
            KeyCode::Char(',') => (self.paused, self.step) = (true, self.step - 1),
            KeyCode::Right => self.step += 5 * second,
            KeyCode::Left => self.step -= 5 * second,
            _ => {}
        }
        // At every key: who went back beyond the start goes on from there.
        let (back, forth) = room;
        self.step = self.step.clamp(-back, forth);
    }
}

fn watch<G: Game>(stage: &Stage<'_>, replay: &mut Replay<G, Reader>) -> Result<(), Failure> {
    let setup = replay.record().head().setup;
    let Some(last) = replay.record().next().previous_since(setup.first) else {
        return Ok(());
    };
    let broken = |error: std::io::Error| Failure::internal(error);
    let mut screen = Screen::open().map_err(Failure::usage)?;
    let mut player = Player {
        paused: false,
        speed: REAL,
        step: 0,
        quit: false,
    };
    let clock = Clock::start();
    let (mut before, mut owed) = (clock.now(), 0);
    let mut flashes = Flashes::default();
    let second = setup.rate.tick_at(1_000_000_000).0.cast_signed();
    while !player.quit && !stage.interrupt.is_raised() {
        let now = clock.now();
        let at = replay.at().unwrap_or(setup.first);
        let room = (at.since(setup.first), last.since(at));
        while let Some(event) = screen.event().map_err(broken)? {
            player.handle(&event, second, room);
        }
        let passed = u64::try_from(now.since(before).as_nanos()).unwrap_or(0);
        before = now;
        if !player.paused {
            owed += passed * SPEEDS[player.speed] / SPEEDS[REAL];
        }
        let ticks = setup.rate.tick_at(owed);
        owed -= setup.rate.nanos_at(ticks).min(owed);
        let forth = ticks.0.cast_signed() + core::mem::take(&mut player.step);
        let to = at.0.cast_signed().saturating_add(forth);
        let to = Tick(u64::try_from(to).unwrap_or(0)).clamp(setup.first, last);
        let sought = replay.seek(to);
        sought.map_err(|error| replay_failure(&stage.args.file, &error))?;
        let speed = SPEEDS[player.speed];
        let pace = match (player.paused, speed < SPEEDS[REAL]) {
            (true, _) => "paused".into(),
            (false, true) => format!("speed 1/{}", SPEEDS[REAL] / speed),
            (false, false) => format!("speed {}", speed / SPEEDS[REAL]),
        };
        let title = format!("tick {to} of {last}, {pace}  [space , . arrows q]");
        flashes.take(now, replay.effects());
        let drawn = replay.look(|state| {
            let view = WatchView {
                picture: Some(G::picture(state, flashes.shown())),
                peers: &[],
                title: &title,
                notice: None,
            };
            screen.draw(now, |frame| draw_watch(frame, &view))
        });
        drawn.map_err(broken)?;
        std::thread::sleep(FRAME);
    }
    Ok(())
}
