//! [`Crowd`]: how many units are where.

use phalanx_engine::Slot;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::Color;

use super::plain::{DOTS_HIGH, DOTS_WIDE, Plain};
use crate::skirmish::{Battle, Kind, PLAYERS_MAX};
use crate::tui::color::color;

/// By row, and in it from left to right: the bit of a dot in a character of Braille.
const DOTS: [[u8; DOTS_WIDE as usize]; DOTS_HIGH as usize] =
    [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
/// Braille without dots.
const BRAILLE: u32 = 0x2800;
/// So many soldiers are shown as dots; more as a shade.
const DOTTED_MAX: u32 = (DOTS_WIDE * DOTS_HIGH) as u32;
/// The more of its ground soldiers cover, the darker.
const SHADES: [char; 4] = ['░', '▒', '▓', '█'];
/// So many workers are a crowd.
const WORKERS_MANY: u32 = 4;
/// Behind the wounded.
const WOUNDED: Color = Color::Indexed(52);

/// Who is in one cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    /// Units of each slot.
    of_slot: [u32; PLAYERS_MAX as usize],
    soldiers: u32,
    workers: u32,
    /// Where the soldiers are, as in [`DOTS`].
    dots: u8,
    wounded: bool,
}

impl Cell {
    /// What to write, and in which colour; nothing, if nobody is there.
    fn glyph(&self, roomy: u32) -> Option<(char, Color)> {
        // The lowest slot of several.
        let most = self.of_slot.iter().max()?;
        let slot = self.of_slot.iter().position(|count| count == most)?;
        let color = color(Slot(u8::try_from(slot).ok()?));
        let glyph = match (self.soldiers, self.workers) {
            (0, 0) => return None,
            (0, WORKERS_MANY..) => 'W',
            (0, _) => 'w',
            (1..=DOTTED_MAX, _) => char::from_u32(BRAILLE + u32::from(self.dots))?,
            (soldiers, _) => {
                let shade = u64::from(soldiers) * SHADES.len() as u64 / u64::from(roomy.max(1));
                let darkest = SHADES.len() - 1;
                SHADES[usize::try_from(shade).map_or(darkest, |shade| shade.min(darkest))]
            }
        };
        Some((glyph, color))
    }
}

/// Who is in each cell of the plain.
pub(super) struct Crowd {
    width: u16,
    cells: Vec<Cell>,
    /// How many soldiers cover the ground of a cell.
    roomy: u32,
}

impl Crowd {
    /// Looks at every unit once.
    pub(super) fn of(battle: &Battle, plain: &Plain) -> Self {
        let area = plain.area();
        let count = usize::from(area.width) * usize::from(area.height);
        let mut crowd = Self {
            width: area.width,
            cells: vec![Cell::default(); count],
            roomy: roomy(plain),
        };
        let units = &battle.units;
        for row in units.rows() {
            let (x, y) = plain.dot(units.position[row]);
            let Some(cell) = crowd.cell_mut(x / DOTS_WIDE, y / DOTS_HIGH) else {
                continue;
            };
            if let Some(count) = cell.of_slot.get_mut(usize::from(units.owner[row].0)) {
                *count += 1;
            }
            let kind = units.kind[row];
            match kind {
                Kind::Worker => cell.workers += 1,
                Kind::Soldier => {
                    cell.soldiers += 1;
                    cell.dots |= DOTS[usize::from(y % DOTS_HIGH)][usize::from(x % DOTS_WIDE)];
                }
            }
            cell.wounded |= units.health[row] < kind.health();
        }
        crowd
    }

    fn index(&self, column: u16, row: u16) -> usize {
        usize::from(row) * usize::from(self.width) + usize::from(column)
    }

    fn cell_mut(&mut self, column: u16, row: u16) -> Option<&mut Cell> {
        let index = self.index(column, row);
        self.cells.get_mut(index)
    }

    /// Whether soldiers are in that cell of the plain.
    pub(super) fn has_soldiers(&self, (column, row): (u16, u16)) -> bool {
        let cell = self.cells.get(self.index(column, row));
        cell.is_some_and(|cell| cell.soldiers > 0)
    }

    /// Writes the cells in which somebody is.
    pub(super) fn render(&self, plain: &Plain, buf: &mut Buffer) {
        let area = plain.area();
        for (cell, at) in self.cells.iter().zip(area.positions()) {
            let Some((glyph, color)) = cell.glyph(self.roomy) else {
                continue;
            };
            if let Some(out) = buf.cell_mut(Position::new(at.x, at.y)) {
                out.set_char(glyph).set_fg(color);
                if cell.wounded {
                    out.set_bg(WOUNDED);
                }
            }
        }
    }
}

/// How many soldiers stand in one cell in formation, 1.2 units from each other.
fn roomy(plain: &Plain) -> u32 {
    let area = plain.area();
    let side = 2 * plain.half_units();
    let cells = i64::from(area.width) * i64::from(area.height);
    // 1.2 by 1.2 is 36/25.
    u32::try_from(side * side * 25 / (cells * 36)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_darker_than_few() {
        let cell = |soldiers, dots| Cell {
            of_slot: [soldiers, 0, 0, 0, 0, 0, 0, 0],
            soldiers,
            dots,
            ..Cell::default()
        };
        let glyph = |soldiers, dots| cell(soldiers, dots).glyph(100).map(|(glyph, _)| glyph);
        assert_eq!(glyph(0, 0), None);
        assert_eq!(glyph(1, 0x20), Some('⠠'));
        assert_eq!(glyph(8, 0xff), Some('⣿'));
        let shades = [9, 24, 25, 50, 75, 100, u32::MAX].map(|soldiers| glyph(soldiers, 0xff));
        assert_eq!(shades, ['░', '░', '▒', '▓', '█', '█', '█'].map(Some));
        // However small a cell is.
        assert_eq!(cell(9, 0xff).glyph(0).map(|(glyph, _)| glyph), Some('█'));
    }

    #[test]
    fn the_colour_is_that_of_most() {
        let mut cell = Cell {
            of_slot: [2, 0, 3, 0, 0, 0, 0, 3],
            workers: 8,
            ..Cell::default()
        };
        assert_eq!(cell.glyph(9), Some(('W', color(Slot(2)))));
        cell.of_slot[7] = 4;
        assert_eq!(cell.glyph(9), Some(('W', color(Slot(7)))));
        cell.workers = 1;
        assert_eq!(cell.glyph(9), Some(('w', color(Slot(7)))));
    }
}
