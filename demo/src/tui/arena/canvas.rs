//! [`Canvas`]: coloured pixels, four to a cell.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;

/// By bits: upper left 1, upper right 2, lower left 4, lower right 8.
const QUADRANTS: [char; 16] = [
    ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
];

/// Pixels over an area of the terminal; (0, 0) is the upper left one.
pub(super) struct Canvas {
    area: Rect,
    width: i32,
    height: i32,
    pixels: Vec<Option<Color>>,
}

impl Canvas {
    pub(super) fn new(area: Rect) -> Self {
        let (width, height) = (i32::from(area.width) * 2, i32::from(area.height) * 2);
        let count = usize::from(area.width) * usize::from(area.height) * 4;
        Self {
            area,
            width,
            height,
            pixels: vec![None; count],
        }
    }

    /// Paints one pixel; nothing outside.
    pub(super) fn paint(&mut self, x: i32, y: i32, color: Color) {
        if let Some(index) = self.index(x, y) {
            self.pixels[index] = Some(color);
        }
    }

    /// Paints a straight line of pixels without gaps.
    pub(super) fn line(&mut self, from: (i32, i32), to: (i32, i32), color: Color) {
        let (wide, high) = (to.0 - from.0, to.1 - from.1);
        let steps = wide.abs().max(high.abs()).max(1);
        for step in 0..=steps {
            // Rounded to the nearest, the same way for both signs.
            let along = |length: i32| (2 * length * step + steps).div_euclid(2 * steps);
            self.paint(from.0 + along(wide), from.1 + along(high), color);
        }
    }

    fn index(&self, x: i32, y: i32) -> Option<usize> {
        let inside = (0..self.width).contains(&x) && (0..self.height).contains(&y);
        let index = inside.then_some(y * self.width + x)?;
        usize::try_from(index).ok()
    }

    fn pixel(&self, x: i32, y: i32) -> Option<Color> {
        self.index(x, y).and_then(|index| self.pixels[index])
    }

    /// Writes the cells that have a pixel.
    pub(super) fn render(&self, buf: &mut Buffer) {
        for row in 0..self.area.height {
            for column in 0..self.area.width {
                let (x, y) = (i32::from(column) * 2, i32::from(row) * 2);
                let four = [(0, 0), (1, 0), (0, 1), (1, 1)]
                    .map(|(right, down)| self.pixel(x + right, y + down));
                let position = Position::new(self.area.x + column, self.area.y + row);
                let Some((glyph, front, back)) = cell(four) else {
                    continue;
                };
                if let Some(cell) = buf.cell_mut(position) {
                    cell.set_char(glyph).set_fg(front);
                    if let Some(back) = back {
                        cell.set_bg(back);
                    }
                }
            }
        }
    }
}

/// What to write for four pixels: a glyph, its colour, and the one behind it. A cell shows two
/// colours at most, and the second only if no pixel is empty.
fn cell(four: [Option<Color>; 4]) -> Option<(char, Color, Option<Color>)> {
    let front = four.into_iter().flatten().next()?;
    let other = four.into_iter().flatten().find(|color| *color != front);
    let full = four.iter().all(Option::is_some);
    let bits = four
        .iter()
        .enumerate()
        .filter(|(_, pixel)| match other {
            Some(_) if full => **pixel == Some(front),
            _ => pixel.is_some(),
        })
        .map(|(bit, _)| 1 << bit)
        .sum::<usize>();
    Some((QUADRANTS[bits], front, other.filter(|_| full)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_quadrants() {
        let (red, blue) = (Some(Color::Red), Some(Color::Blue));
        assert_eq!(cell([None; 4]), None);
        assert_eq!(cell([red, None, None, red]), Some(('▚', Color::Red, None)));
        assert_eq!(
            cell([red, blue, red, blue]),
            Some(('▌', Color::Red, Some(Color::Blue)))
        );
        assert_eq!(
            cell([None, blue, red, blue]),
            Some(('▟', Color::Blue, None))
        );
    }

    #[test]
    fn nothing_is_painted_outside() {
        let area = Rect::new(1, 1, 2, 1);
        let mut canvas = Canvas::new(area);
        canvas.line((-9, -9), (9, 9), Color::Red);
        canvas.paint(i32::MAX, 0, Color::Red);
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 3));
        canvas.render(&mut buf);
        let expected = Buffer::with_lines(["    ", " ▚  ", "    "]);
        let symbols = |buf: &Buffer| {
            let cells = buf.content().iter();
            cells
                .map(|cell| cell.symbol().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(symbols(&buf), symbols(&expected));
    }
}
