//! Tests of the keyboard, on terminals that report releases and on others.

use core::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, ModifierKeyCode};
use phalanx::duel::Pad;
use phalanx::tui::Keyboard;
use phalanx_netcode::Time;

fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

fn key(code: KeyCode, kind: KeyEventKind) -> KeyEvent {
    KeyEvent::new_with_kind(code, KeyModifiers::NONE, kind)
}

fn press(keyboard: &mut Keyboard, millis: u64, code: KeyCode) {
    keyboard.event(at(millis), &key(code, KeyEventKind::Press));
}

fn release(keyboard: &mut Keyboard, millis: u64, code: KeyCode) {
    keyboard.event(at(millis), &key(code, KeyEventKind::Release));
}

const NONE: Pad = Pad {
    left: false,
    right: false,
    up: false,
    down: false,
    block: false,
    light: false,
    heavy: false,
    special: false,
};
const LEFT: Pad = Pad { left: true, ..NONE };
const RIGHT: Pad = Pad {
    right: true,
    ..NONE
};
const BLOCK: Pad = Pad {
    block: true,
    ..NONE
};
const LIGHT: Pad = Pad {
    light: true,
    ..NONE
};

#[test]
fn keys_are_held_from_press_to_release() {
    let mut keyboard = Keyboard::new(true);
    press(&mut keyboard, 0, KeyCode::Left);
    assert_eq!(keyboard.sample(at(0)), LEFT);
    assert_eq!(keyboard.sample(at(60_000)), LEFT);
    press(&mut keyboard, 60_000, KeyCode::Char('d'));
    let both = Pad {
        right: true,
        ..LEFT
    };
    assert_eq!(keyboard.sample(at(60_000)), both);
    release(&mut keyboard, 60_010, KeyCode::Left);
    assert_eq!(keyboard.sample(at(60_010)), RIGHT);
    release(&mut keyboard, 60_020, KeyCode::Char('d'));
    assert_eq!(keyboard.sample(at(60_020)), NONE);
}

#[test]
fn two_keys_for_one_direction_are_told_apart() {
    let mut keyboard = Keyboard::new(true);
    press(&mut keyboard, 0, KeyCode::Left);
    press(&mut keyboard, 0, KeyCode::Char('a'));
    release(&mut keyboard, 1, KeyCode::Left);
    assert_eq!(keyboard.sample(at(1)), LEFT);
    // With shift it is still the same key.
    release(&mut keyboard, 2, KeyCode::Char('A'));
    assert_eq!(keyboard.sample(at(2)), NONE);
}

#[test]
fn an_attack_is_sampled_once_per_press() {
    let mut keyboard = Keyboard::new(true);
    press(&mut keyboard, 0, KeyCode::Char('j'));
    keyboard.event(at(1), &key(KeyCode::Char('j'), KeyEventKind::Repeat));
    release(&mut keyboard, 2, KeyCode::Char('j'));
    assert_eq!(keyboard.sample(at(16)), LIGHT);
    assert_eq!(keyboard.sample(at(33)), NONE);
    keyboard.event(at(34), &key(KeyCode::Char('j'), KeyEventKind::Repeat));
    assert_eq!(keyboard.sample(at(50)), NONE);
    press(&mut keyboard, 51, KeyCode::Char('j'));
    press(&mut keyboard, 52, KeyCode::Char('k'));
    press(&mut keyboard, 53, KeyCode::Char('L'));
    let all = Pad {
        heavy: true,
        special: true,
        ..LIGHT
    };
    assert_eq!(keyboard.sample(at(66)), all);
}

#[test]
fn leaving_the_terminal_releases_all() {
    let mut keyboard = Keyboard::new(true);
    press(&mut keyboard, 0, KeyCode::Left);
    keyboard.handle(at(1), &Event::FocusLost);
    assert_eq!(keyboard.sample(at(1)), NONE);
}

#[test]
fn shift_blocks() {
    let shift = KeyCode::Modifier(ModifierKeyCode::LeftShift);
    let mut keyboard = Keyboard::new(true);
    press(&mut keyboard, 0, shift);
    assert_eq!(keyboard.sample(at(1)), BLOCK);
    release(&mut keyboard, 2, shift);
    assert_eq!(keyboard.sample(at(2)), NONE);

    // Known only from another key's event.
    let mut keyboard = Keyboard::new(false);
    let left = KeyEvent::new(KeyCode::Left, KeyModifiers::SHIFT);
    keyboard.event(at(0), &left);
    let guarded = Pad {
        block: true,
        ..LEFT
    };
    assert_eq!(keyboard.sample(at(1)), guarded);
}

#[test]
fn without_releases_a_key_is_held_over_the_delay_and_the_repeats() {
    let mut keyboard = Keyboard::new(false);
    press(&mut keyboard, 0, KeyCode::Right);
    assert_eq!(keyboard.sample(at(599)), RIGHT);
    assert_eq!(keyboard.clone().sample(at(600)), NONE);
    for millis in (500..1000).step_by(33) {
        press(&mut keyboard, millis, KeyCode::Right);
        assert_eq!(keyboard.sample(at(millis + 119)), RIGHT);
    }
    // The last repeat was at 995.
    assert_eq!(keyboard.sample(at(1114)), RIGHT);
    assert_eq!(keyboard.sample(at(1115)), NONE);
}

#[test]
fn without_releases_another_direction_ends_the_first_one() {
    let mut keyboard = Keyboard::new(false);
    press(&mut keyboard, 0, KeyCode::Right);
    press(&mut keyboard, 100, KeyCode::Left);
    assert_eq!(keyboard.sample(at(100)), LEFT);

    // Upwards too, but only after a moment: a jump goes forward.
    let mut keyboard = Keyboard::new(false);
    press(&mut keyboard, 0, KeyCode::Right);
    press(&mut keyboard, 100, KeyCode::Up);
    let leap = Pad { up: true, ..RIGHT };
    assert_eq!(keyboard.sample(at(219)), leap);
    let jump = Pad { up: true, ..NONE };
    assert_eq!(keyboard.sample(at(220)), jump);
}

#[test]
fn without_releases_repeats_do_not_attack() {
    let mut keyboard = Keyboard::new(false);
    press(&mut keyboard, 0, KeyCode::Char('j'));
    assert_eq!(keyboard.sample(at(1)), LIGHT);
    for millis in (33..500).step_by(33) {
        press(&mut keyboard, millis, KeyCode::Char('j'));
        assert_eq!(keyboard.sample(at(millis)), NONE);
    }
    press(&mut keyboard, 600, KeyCode::Char('j'));
    assert_eq!(keyboard.sample(at(600)), LIGHT);
}

#[test]
fn a_release_that_comes_unannounced_counts() {
    let mut keyboard = Keyboard::new(false);
    press(&mut keyboard, 0, KeyCode::Left);
    release(&mut keyboard, 10, KeyCode::Left);
    assert_eq!(keyboard.sample(at(10)), NONE);
    press(&mut keyboard, 20, KeyCode::Left);
    assert_eq!(keyboard.sample(at(60_000)), LEFT);
}

#[test]
fn some_keys_quit() {
    let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    for quits in [plain(KeyCode::Char('q')), plain(KeyCode::Esc), control('c')] {
        let mut keyboard = Keyboard::new(false);
        keyboard.event(at(0), &quits);
        assert!(keyboard.quit_requested(), "{quits:?}");
    }
    let mut keyboard = Keyboard::new(false);
    for stays in [plain(KeyCode::Char('c')), control('a'), control('l')] {
        keyboard.event(at(0), &stays);
    }
    assert!(!keyboard.quit_requested());
    assert_eq!(keyboard.sample(at(0)), NONE);
}
