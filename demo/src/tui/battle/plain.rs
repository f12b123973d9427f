//! [`Plain`]: from places to cells of the terminal.

use phalanx_engine::Fix32;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::skirmish::Place;

/// Dots of Braille side by side in a cell.
pub(super) const DOTS_WIDE: u16 = 2;
/// And one above the other.
pub(super) const DOTS_HIGH: u16 = 4;
/// The plain is square and cells are about twice as high as wide; to use the room, it may be drawn
/// wider than it is, up to this many columns for each row.
const COLUMNS_PER_ROW: u16 = 3;

/// Where the plain lies in the terminal.
pub(super) struct Plain {
    area: Rect,
    /// From its middle to its border, steps of [`Fix32`]; at least 1.
    half: i64,
}

impl Plain {
    /// The plain in the middle of `stage`, if there is any room.
    pub(super) fn of(stage: Rect, half: Fix32) -> Option<Self> {
        if stage.is_empty() {
            return None;
        }
        let height = stage.height.min(stage.width.div_ceil(2));
        let width = stage.width.min(height.saturating_mul(COLUMNS_PER_ROW));
        let area = Rect {
            x: stage.x + (stage.width - width) / 2,
            y: stage.y + (stage.height - height) / 2,
            width,
            height,
        };
        let half = i64::from(half.to_bits()).max(1);
        Some(Self { area, half })
    }

    /// The cells that it covers.
    pub(super) const fn area(&self) -> Rect {
        self.area
    }

    /// From the middle to the border, whole units; at least 1.
    pub(super) fn half_units(&self) -> i64 {
        (self.half / i64::from(Fix32::ONE.to_bits())).max(1)
    }

    /// The dot at `place`, columns and rows from the upper left corner; the nearest one for what is
    /// not on the plain.
    pub(super) fn dot(&self, place: Place) -> (u16, u16) {
        let (right, down) = (i64::from(place.x.to_bits()), -i64::from(place.y.to_bits()));
        let dots = |along: i64, cells: u16, per_cell: u16| {
            let dots = i64::from(cells) * i64::from(per_cell);
            let dot = ((along + self.half) * dots).div_euclid(2 * self.half);
            // What is drawn fits the terminal.
            u16::try_from(dot.clamp(0, dots - 1)).unwrap_or(u16::MAX)
        };
        let Rect { width, height, .. } = self.area;
        (dots(right, width, DOTS_WIDE), dots(down, height, DOTS_HIGH))
    }

    /// The cell at `place`, columns and rows from the upper left corner of the plain.
    pub(super) fn cell(&self, place: Place) -> (u16, u16) {
        let (x, y) = self.dot(place);
        (x / DOTS_WIDE, y / DOTS_HIGH)
    }

    /// The cell at `place` in the terminal.
    pub(super) fn position(&self, place: Place) -> Position {
        let (column, row) = self.cell(place);
        Position::new(self.area.x + column, self.area.y + row)
    }

    /// The cells of the rectangle between two corners.
    pub(super) fn cells(&self, one: Place, other: Place) -> Rect {
        let (one, other) = (self.position(one), self.position(other));
        let (x, y) = (one.x.min(other.x), one.y.min(other.y));
        Rect {
            x,
            y,
            width: one.x.max(other.x) - x + 1,
            height: one.y.max(other.y) - y + 1,
        }
    }
}

/// Does `change` to each cell of `cells`.
pub(super) fn fill(
    cells: Rect,
    buf: &mut Buffer,
    mut change: impl FnMut(&mut ratatui::buffer::Cell),
) {
    for position in cells.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            change(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(x: i16, y: i16) -> Place {
        Place::new(Fix32::int(x), Fix32::int(y))
    }

    #[test]
    fn the_plain_is_a_square_or_a_little_wider() {
        let sizes = [
            ((60, 10), (30, 10)),
            ((40, 30), (40, 20)),
            ((22, 10), (22, 10)),
            ((1, 9), (1, 1)),
        ];
        for ((width, height), drawn) in sizes {
            let stage = Rect::new(3, 5, width, height);
            let area = Plain::of(stage, Fix32::int(40)).unwrap().area();
            assert_eq!((area.width, area.height), drawn, "{stage}");
            assert_eq!(stage.intersection(area), area, "{stage}");
        }
        assert!(Plain::of(Rect::new(0, 0, 9, 0), Fix32::int(40)).is_none());
    }

    #[test]
    fn corners_are_corners() {
        let plain = Plain::of(Rect::new(0, 0, 20, 10), Fix32::int(40)).unwrap();
        assert_eq!(plain.dot(place(-40, 40)), (0, 0));
        assert_eq!(plain.dot(place(40, -40)), (39, 39));
        assert_eq!(plain.cell(place(0, 0)), (10, 5));
        // Far away, or on a plain without an extent, is drawn at the border.
        let far = Place::new(Fix32::MAX, Fix32::MIN);
        assert_eq!(plain.dot(far), (39, 39));
        for half in [Fix32::ZERO, Fix32::MIN, Fix32::STEP, Fix32::MAX] {
            let plain = Plain::of(Rect::new(0, 0, 20, 10), half).unwrap();
            for at in [far, Place::ZERO, Place::new(Fix32::MIN, Fix32::MAX)] {
                let (x, y) = plain.dot(at);
                assert!(x < 40 && y < 40);
            }
        }
    }
}
