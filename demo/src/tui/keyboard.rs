//! [`Keyboard`]: keys become a [`Pad`].
//!
//! Arrows or W A S D move, J is the light attack, K the heavy one, L the special one; I, space or
//! shift block; Q, escape or control-C quit.
//!
//! Some terminals tell when a key is released (the kitty protocol, Windows): then what is held is
//! exact. All others only repeat the key that was pressed last, after a delay, and never tell its
//! end. There a press counts as held until no repeat has come for a while: see [`FIRST_HOLD`].

use core::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, ModifierKeyCode};
use phalanx_netcode::Time;

use crate::duel::Pad;

/// Without releases: how long a first press is held, because repeats begin only after a delay.
pub const FIRST_HOLD: Duration = Duration::from_millis(600);
/// Without releases: how long a key is held after a repeat, and after another direction was
/// pressed, which ends the repeats of this one.
pub const REPEAT_HOLD: Duration = Duration::from_millis(120);
/// Without releases: an attack that follows itself faster than this is a repeat. Nobody presses a
/// key twice in this time, and terminals repeat faster.
const ATTACK_REPEAT: Duration = Duration::from_millis(60);

/// What the keys do, in one line; and the same for narrow terminals.
pub const KEYS: [&str; 2] = [
    "arrows/WASD move  J light  K heavy  L special  I block  Q quit",
    "WASD move  J light  K heavy  L special  I block  Q quit",
];

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Hold(Held),
    Attack(Attack),
    Quit,
}

/// What lasts while its key is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Left,
    Right,
    Up,
    Down,
    Block,
}

/// What happens once per press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attack {
    Light,
    Heavy,
    Special,
}

/// The keys of one control, one bit each: it is held as long as one of them is.
type Sources = u8;

const ARROW: Sources = 1;
const LETTER: Sources = 2;
const SPACE: Sources = 4;
const SHIFT_LEFT: Sources = 8;
const SHIFT_RIGHT: Sources = 16;
/// Shift, known only from another key's event.
const SHIFT_SEEN: Sources = 32;

/// Whether a control is held.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    /// Where releases are reported: the keys that are down.
    sources: Sources,
    /// Elsewhere: the end of the hold.
    until: Option<Time>,
}

/// Knows which keys are held and what was pressed since the last sample. Time is passed in.
#[derive(Clone, Debug)]
pub struct Keyboard {
    releases: bool,
    holds: [Hold; 5],
    /// Attacks pressed and not sampled.
    pressed: [bool; 3],
    attacked: [Option<Time>; 3],
    quit: bool,
}

impl Keyboard {
    /// A keyboard with nothing pressed; `releases` tells whether the terminal reports releases
    /// ([`Screen::reports_releases`](super::Screen::reports_releases)). If one is reported
    /// unexpectedly, they count from then on.
    #[must_use]
    pub const fn new(releases: bool) -> Self {
        Self {
            releases,
            holds: [Hold {
                sources: 0,
                until: None,
            }; 5],
            pressed: [false; 3],
            attacked: [None; 3],
            quit: false,
        }
    }

    /// Takes any event of the terminal. When the terminal is left, all keys are up: their release
    /// will go elsewhere.
    pub fn handle(&mut self, now: Time, event: &Event) {
        match event {
            Event::Key(key) => self.event(now, key),
            Event::FocusLost => self.holds = [Hold::default(); 5],
            _ => {}
        }
    }

    /// Takes a key's event.
    pub fn event(&mut self, now: Time, key: &KeyEvent) {
        if key.kind == KeyEventKind::Release {
            self.releases = true;
        }
        let Some((control, source)) = control(key) else {
            return;
        };
        // Control and alt make another key of it, except where they quit.
        let chorded = key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match control {
            Control::Quit => self.quit |= key.kind != KeyEventKind::Release,
            _ if chorded && key.kind != KeyEventKind::Release => return,
            Control::Attack(attack) => self.attack(now, attack, key.kind),
            Control::Hold(held) if self.releases => self.set(held, source, key.kind),
            Control::Hold(held) => self.press(now, held),
        }
        if !matches!(key.code, KeyCode::Modifier(_)) {
            self.see_shift(now, key.modifiers.contains(KeyModifiers::SHIFT));
        }
    }

    /// What is held now and what was pressed since the last call. Attacks are told once.
    pub fn sample(&mut self, now: Time) -> Pad {
        let held = |held: Held| {
            let hold = self.holds[held as usize];
            hold.sources != 0 || hold.until.is_some_and(|until| now < until)
        };
        let pad = Pad {
            left: held(Held::Left),
            right: held(Held::Right),
            up: held(Held::Up),
            down: held(Held::Down),
            block: held(Held::Block),
            light: self.pressed[Attack::Light as usize],
            heavy: self.pressed[Attack::Heavy as usize],
            special: self.pressed[Attack::Special as usize],
        };
        self.pressed = [false; 3];
        pad
    }

    /// Whether a key that quits was pressed.
    #[must_use]
    pub const fn quit_requested(&self) -> bool {
        self.quit
    }

    fn attack(&mut self, now: Time, attack: Attack, kind: KeyEventKind) {
        let last = &mut self.attacked[attack as usize];
        let again = last.is_some_and(|last| now.since(last) < ATTACK_REPEAT);
        *last = Some(now);
        if kind == KeyEventKind::Press && (self.releases || !again) {
            self.pressed[attack as usize] = true;
        }
    }

    /// Where releases are reported.
    fn set(&mut self, held: Held, source: Sources, kind: KeyEventKind) {
        let hold = &mut self.holds[held as usize];
        hold.until = None;
        match kind {
            KeyEventKind::Release => hold.sources &= !source,
            KeyEventKind::Press | KeyEventKind::Repeat => hold.sources |= source,
        }
    }

    /// Where they are not.
    fn press(&mut self, now: Time, held: Held) {
        let running = |hold: &Hold| hold.until.is_some_and(|until| now < until);
        let repeats = running(&self.holds[held as usize]);
        let span = if repeats { REPEAT_HOLD } else { FIRST_HOLD };
        if held != Held::Block {
            for other in [Held::Left, Held::Right, Held::Up, Held::Down] {
                if other != held {
                    let hold = &mut self.holds[other as usize];
                    // It repeats no more, whether it is still held or not.
                    hold.until = hold.until.map(|until| until.min(now + REPEAT_HOLD));
                }
            }
        }
        if let Some(opposite) = opposite(held) {
            self.holds[opposite as usize].until = None;
        }
        self.holds[held as usize].until = Some(now + span);
    }

    /// Most terminals tell of shift only together with another key.
    fn see_shift(&mut self, now: Time, shift: bool) {
        let hold = &mut self.holds[Held::Block as usize];
        if self.releases {
            let seen = shift && hold.sources & (SHIFT_LEFT | SHIFT_RIGHT) == 0;
            hold.sources = hold.sources & !SHIFT_SEEN | if seen { SHIFT_SEEN } else { 0 };
        } else if shift {
            let until = now + REPEAT_HOLD;
            hold.until = Some(hold.until.map_or(until, |other| other.max(until)));
        }
    }
}

const fn opposite(held: Held) -> Option<Held> {
    match held {
        Held::Left => Some(Held::Right),
        Held::Right => Some(Held::Left),
        Held::Up => Some(Held::Down),
        Held::Down => Some(Held::Up),
        Held::Block => None,
    }
}

/// The key map.
fn control(key: &KeyEvent) -> Option<(Control, Sources)> {
    let hold = |held, source| Some((Control::Hold(held), source));
    match key.code {
        KeyCode::Left => hold(Held::Left, ARROW),
        KeyCode::Right => hold(Held::Right, ARROW),
        KeyCode::Up => hold(Held::Up, ARROW),
        KeyCode::Down => hold(Held::Down, ARROW),
        KeyCode::Esc => Some((Control::Quit, 0)),
        KeyCode::Modifier(ModifierKeyCode::LeftShift) => hold(Held::Block, SHIFT_LEFT),
        KeyCode::Modifier(ModifierKeyCode::RightShift) => hold(Held::Block, SHIFT_RIGHT),
        // Shift makes capitals: the same key.
        KeyCode::Char(letter) => match letter.to_ascii_lowercase() {
            'a' => hold(Held::Left, LETTER),
            'd' => hold(Held::Right, LETTER),
            'w' => hold(Held::Up, LETTER),
            's' => hold(Held::Down, LETTER),
            'i' => hold(Held::Block, LETTER),
            ' ' => hold(Held::Block, SPACE),
            'j' => Some((Control::Attack(Attack::Light), 0)),
            'k' => Some((Control::Attack(Attack::Heavy), 0)),
            'l' => Some((Control::Attack(Attack::Special), 0)),
            'q' => Some((Control::Quit, 0)),
            'c' if key.modifiers.contains(KeyModifiers::CONTROL) => Some((Control::Quit, 0)),
            _ => None,
        },
        _ => None,
    }
}
