//! [`ArenaView`]: the state of a duel, drawn.
//!
//! The whole arena fits the width. A cell is cut into 2 x 2 pixels (quadrant blocks, which every
//! font has); fighters are bones drawn in these pixels, so they scale with the terminal.

mod bars;
mod canvas;
mod message;
mod pose;

use phalanx_engine::math::shape::Aabb;
use phalanx_engine::{Fix, Slot};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Widget;

use self::canvas::Canvas;
use super::color::{DIM, color};
use super::size::{split_bottom, split_top};
use crate::duel::{Action, Arena, Cue, FIGHTERS_MAX, Fighter};

/// All heads, so that they stand out from the bodies.
const SKIN: Color = Color::Indexed(223);

/// Draws an [`Arena`]: bars and clock on top, the fight below, a message over it.
#[derive(Clone, Copy, Debug)]
pub struct ArenaView<'a> {
    arena: &'a Arena,
    own: Option<Slot>,
    hit_boxes: bool,
    cues: &'a [Cue],
}

impl<'a> ArenaView<'a> {
    /// Draws `arena` for someone who watches.
    #[must_use]
    pub const fn new(arena: &'a Arena) -> Self {
        Self {
            arena,
            own: None,
            hit_boxes: false,
            cues: &[],
        }
    }

    /// Marks the fighter of the person who plays.
    #[must_use]
    pub const fn own(mut self, slot: Option<Slot>) -> Self {
        self.own = slot;
        self
    }

    /// Shows what is heard and seen at the moment, above the heads; the newest of each fighter.
    #[must_use]
    pub const fn cues(mut self, cues: &'a [Cue]) -> Self {
        self.cues = cues;
        self
    }

    /// Also shows where fighters can be hit and where attacks hit.
    #[must_use]
    pub const fn hit_boxes(mut self, show: bool) -> Self {
        self.hit_boxes = show;
        self
    }
}

impl Widget for ArenaView<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let present = present(self.arena);
        let (top, rest) = split_top(area, bars::rows(present.len()));
        let (stage, floor) = split_bottom(rest, 1);
        bars::render(self.arena, self.own, &present, top, buf);
        let style = Style::new().fg(DIM);
        for column in floor.left()..floor.right() {
            buf.set_string(column, floor.y, "▀", style);
        }
        if stage.is_empty() {
            return;
        }
        let camera = Camera::of(stage);
        if self.hit_boxes {
            show_boxes(self.arena, &camera, buf);
        }
        // Bodies cover what is written, not the other way round.
        for (slot, fighter) in &present {
            self.label(*slot, fighter, &camera, buf);
        }
        let mut canvas = Canvas::new(stage);
        for (slot, fighter) in &present {
            let wins = message::is_winner(self.arena, fighter);
            pose::draw(fighter, wins, color(*slot), &camera, &mut canvas);
        }
        for (slot, projectile) in self.arena.flying() {
            pose::draw_projectile(projectile, color(slot), &camera, &mut canvas);
        }
        canvas.render(buf);
        message::render(self.arena, stage, buf);
    }
}

impl ArenaView<'_> {
    /// Above the head: the slot, or an arrow for the own fighter.
    fn label(&self, slot: Slot, fighter: &Fighter, camera: &Camera, buf: &mut Buffer) {
        let head = fighter.hurt_box().max.y + Fix::ratio(1, 10);
        let column = camera.column(fighter.pos.x);
        let row = camera.row(head).saturating_sub(1).max(camera.area.y);
        let style = Style::new().fg(color(slot));
        let cue = |cue: &&Cue| cue.slot() == Some(slot);
        if let Some((text, flash)) = self.cues.iter().rev().find(cue).and_then(|cue| flash(*cue)) {
            let style = Style::new().fg(flash).add_modifier(Modifier::BOLD);
            let width = u16::try_from(text.len()).unwrap_or(0);
            let last = camera.area.right().saturating_sub(width);
            buf.set_string(column.min(last), row, text, style);
        } else if self.own == Some(slot) {
            buf.set_string(column, row, "▼", style.add_modifier(Modifier::BOLD));
        } else {
            buf.set_string(column, row, slot.0.to_string(), style);
        }
    }
}

/// What is written where it happens; that a round is over is written large, by its state.
const fn flash(cue: Cue) -> Option<(&'static str, Color)> {
    match cue {
        Cue::Hit { .. } => Some(("HIT", Color::Indexed(203))),
        Cue::Block(_) => Some(("BLOCK", Color::Indexed(75))),
        Cue::Whiff(_) => Some(("MISS", DIM)),
        Cue::Throw(_) => Some(("THROW", Color::Indexed(221))),
        Cue::KnockOut(_) => Some(("OUT", Color::Indexed(196))),
        Cue::RoundOver => None,
    }
}

/// The fighters in the round, in the order of the slots.
fn present(arena: &Arena) -> Vec<(Slot, Fighter)> {
    Slot::all(FIGHTERS_MAX)
        .zip(arena.fighters)
        .filter(|(_, fighter)| fighter.action != Action::Absent)
        .collect()
}

/// Boxes as background: where fighters can be hit, and over that where attacks hit.
fn show_boxes(arena: &Arena, camera: &Camera, buf: &mut Buffer) {
    let standing = || arena.fighters.iter().filter(|fighter| fighter.stands());
    for fighter in standing() {
        camera.fill(&fighter.hurt_box(), Color::Indexed(236), buf);
    }
    let shots = arena.flying().map(|(_, projectile)| projectile.hit_box());
    for hit_box in standing().filter_map(Fighter::hit_box).chain(shots) {
        camera.fill(&hit_box, Color::Indexed(52), buf);
    }
}

/// Farther away is a damaged state, and drawn here, hundredths of a unit.
const FAR: i32 = 10_000;

/// Hundredths of a unit, from which the drawing is made.
fn centi(length: Fix) -> i32 {
    (length * Fix::int(100)).round_int().clamp(-FAR, FAR)
}

/// Width of the arena, hundredths of a unit.
const WIDE: i32 = 1800;
/// What is visible above the floor at least: the highest jump, hundredths of a unit.
const HIGH: i32 = 390;

/// From places in the arena to pixels of the stage.
struct Camera {
    area: Rect,
    /// Pixels.
    width: i32,
    /// Pixels.
    height: i32,
    /// How many pixels [`WIDE`] would be if it stood upright.
    upright: i32,
}

impl Camera {
    fn of(area: Rect) -> Self {
        let (width, height) = (i32::from(area.width) * 2, i32::from(area.height) * 2);
        // A pixel is about twice as high as wide. Where there is room, fighters grow by a half.
        let upright = (width * 3 / 4).min(height * WIDE / HIGH).max(1);
        Self {
            area,
            width,
            height,
            upright,
        }
    }

    /// The pixel at (x, y), in hundredths of a unit.
    const fn pixel(&self, x: i32, y: i32) -> (i32, i32) {
        let from_left = ((x + WIDE / 2) * self.width).div_euclid(WIDE);
        let from_floor = (y * self.upright).div_euclid(WIDE);
        (from_left, self.height - 1 - from_floor)
    }

    /// The middle of a pixel, in hundredths of a unit.
    const fn place(&self, column: i32, row: i32) -> (i32, i32) {
        let x = ((2 * column + 1) * WIDE) / (2 * self.width) - WIDE / 2;
        let from_floor = self.height - 1 - row;
        (x, ((2 * from_floor + 1) * WIDE) / (2 * self.upright))
    }

    fn column(&self, x: Fix) -> u16 {
        let (pixel, _) = self.pixel(centi(x), 0);
        let column = u16::try_from(pixel / 2).unwrap_or(0);
        self.area.x + column.min(self.area.width - 1)
    }

    fn row(&self, y: Fix) -> u16 {
        let (_, pixel) = self.pixel(0, centi(y));
        let row = u16::try_from(pixel / 2).unwrap_or(0);
        self.area.y + row.min(self.area.height - 1)
    }

    fn fill(&self, hit_box: &Aabb, color: Color, buf: &mut Buffer) {
        for row in self.row(hit_box.max.y)..=self.row(hit_box.min.y) {
            for column in self.column(hit_box.min.x)..=self.column(hit_box.max.x) {
                if let Some(cell) = buf.cell_mut(Position::new(column, row)) {
                    cell.set_bg(color);
                }
            }
        }
    }
}
