//! [`BattleView`]: the state of a skirmish, drawn.
//!
//! The whole plain fits the area. Units are dots of Braille as long as they can be told apart, and
//! shades where they are many; every unit is looked at once, so that ten thousand are drawn as
//! easily as ten.

mod bars;
mod crowd;
mod ground;
mod plain;

use phalanx_engine::Slot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Widget;

use self::bars::Census;
use self::crowd::Crowd;
use self::plain::{Plain, fill};
use super::color::DIM;
use super::commander::Commander;
use super::message::announce;
use super::size::split_top;
use crate::skirmish::{Battle, Cue, Phase};

/// How long the number of a round is shown, ticks.
const ANNOUNCED_TICKS: u16 = 40;

/// Behind those who are selected.
const SELECTED: Color = Color::Indexed(240);
/// Inside a box.
const BOXED: Color = Color::Indexed(238);

/// Draws a [`Battle`]: a bar for every player on top, the plain below, a message over it.
///
/// Soldiers are dots, `░▒▓█` the more of them share a cell; workers are `w`, and `W` from four of
/// them on; bases are `B` and barracks `K`, with how many are in training, dark as far as they are
/// damaged; sites show how much of them is done, in percent (tenths where there is one column);
/// patches of ore are `◆`, and `◇` when little is left. Wounded units lie on red.
#[derive(Clone, Copy, Debug)]
pub struct BattleView<'a> {
    battle: &'a Battle,
    own: Option<Slot>,
    commander: Option<&'a Commander>,
    cues: &'a [Cue],
}

impl<'a> BattleView<'a> {
    /// Draws `battle` for someone who watches.
    #[must_use]
    pub const fn new(battle: &'a Battle) -> Self {
        Self {
            battle,
            own: None,
            commander: None,
            cues: &[],
        }
    }

    /// Marks the bar of the person who plays.
    #[must_use]
    pub const fn own(mut self, slot: Option<Slot>) -> Self {
        self.own = slot;
        self
    }

    /// Lights up where there is something to hear and see at the moment.
    #[must_use]
    pub const fn cues(mut self, cues: &'a [Cue]) -> Self {
        self.cues = cues;
        self
    }

    /// Shows the cursor, the box and the selected units of the person who plays.
    #[must_use]
    pub const fn commander(mut self, commander: &'a Commander) -> Self {
        self.commander = Some(commander);
        self
    }
}

impl Widget for BattleView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let battle = self.battle;
        let census = Census::of(battle);
        let (top, stage) = split_top(area, census.rows(area.width));
        census.render(battle, self.own, top, buf);
        let Some(plain) = Plain::of(stage, battle.round.half) else {
            return;
        };
        border(&plain, stage, buf);
        let crowd = Crowd::of(battle, &plain);
        crowd.render(&plain, buf);
        ground::render_patches(battle, &plain, &crowd, buf);
        if let Some(commander) = self.commander {
            self.render_selection(commander, &plain, buf);
        }
        ground::render_buildings(battle, &plain, buf);
        for cue in self.cues {
            if let Some(cell) = buf.cell_mut(plain.position(cue.place())) {
                cell.set_bg(flash(*cue));
            }
        }
        if let Some(commander) = self.commander {
            render_cursor(commander, &plain, buf);
        }
        if let Some((large, small)) = message(battle) {
            announce(&large, &small, stage, buf);
        }
    }
}

impl BattleView<'_> {
    /// The box, and over it the cells of those who are selected.
    fn render_selection(&self, commander: &Commander, plain: &Plain, buf: &mut Buffer) {
        if let Some(area) = commander.area() {
            fill(plain.cells(area.from, area.to), buf, |cell| {
                cell.set_bg(BOXED);
            });
        }
        let selected = self.own.map(|slot| commander.selected(slot, self.battle));
        for row in selected.unwrap_or_default() {
            let at = plain.position(self.battle.units.position[row]);
            if let Some(cell) = buf.cell_mut(at) {
                cell.set_bg(SELECTED);
            }
        }
    }
}

/// Behind where it happens.
const fn flash(cue: Cue) -> Color {
    match cue {
        Cue::Shot { .. } => Color::Indexed(58),
        Cue::Death { .. } => Color::Indexed(124),
        Cue::Built { .. } => Color::Indexed(22),
    }
}

/// A cross, or whatever is there reversed.
fn render_cursor(commander: &Commander, plain: &Plain, buf: &mut Buffer) {
    if let Some(cell) = buf.cell_mut(plain.position(commander.cursor())) {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if cell.symbol() == " " {
            cell.set_char('┼').set_style(style.fg(Color::White));
        } else {
            cell.set_style(style.add_modifier(Modifier::REVERSED));
        }
    }
}

/// Lines where the plain ends to the left and the right, if there is room.
fn border(plain: &Plain, stage: Rect, buf: &mut Buffer) {
    let inside = plain.area();
    let style = Style::new().fg(DIM);
    for row in inside.top()..inside.bottom() {
        if inside.left() > stage.left() {
            buf.set_string(inside.left() - 1, row, "│", style);
        }
        if inside.right() < stage.right() {
            buf.set_string(inside.right(), row, "│", style);
        }
    }
}

/// What is to be said about `battle`: large, and small below.
fn message(battle: &Battle) -> Option<(String, String)> {
    let round = &battle.round;
    match round.phase {
        Phase::Intermission if round.number == 0 => Some(("WAITING".into(), "for players".into())),
        Phase::Intermission => Some(("ROUND OVER".into(), verdict(battle))),
        Phase::War if round.age < ANNOUNCED_TICKS => {
            let alone = if round.entrants < 2 {
                "to practise, alone"
            } else {
                ""
            };
            Some((format!("ROUND {}", round.number), alone.into()))
        }
        Phase::War => None,
    }
}

fn verdict(battle: &Battle) -> String {
    let contested = battle.round.entrants > 1;
    let winner = battle.leader().filter(|_| contested);
    winner.map_or_else(
        || "nobody wins the round".to_owned(),
        |slot| format!("slot {slot} wins the round"),
    )
}
