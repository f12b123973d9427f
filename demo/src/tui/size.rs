//! The smallest terminal, and what is said in a smaller one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget, Wrap};

/// Columns that the views need.
pub const MIN_WIDTH: u16 = 60;
/// Rows that the views need.
pub const MIN_HEIGHT: u16 = 16;

/// Whether the views fit; if not, says so in `area` instead.
pub(super) fn fits(area: Rect, buf: &mut Buffer) -> bool {
    if area.width >= MIN_WIDTH && area.height >= MIN_HEIGHT {
        return true;
    }
    let text = vec![
        Line::styled(
            "This terminal is too small.",
            Style::new().add_modifier(Modifier::BOLD),
        ),
        Line::raw(format!(
            "It is {}x{}; {MIN_WIDTH}x{MIN_HEIGHT} is needed.",
            area.width, area.height
        )),
    ];
    let rows = area.height.min(4);
    let middle = Rect {
        y: area.y + (area.height - rows) / 2,
        height: rows,
        ..area
    };
    Paragraph::new(text)
        .centered()
        .wrap(Wrap { trim: true })
        .render(middle, buf);
    false
}

/// The upper part of `area` and its lowest `rows` rows.
pub(super) fn split_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let upper = Rect {
        height: area.height - rows,
        ..area
    };
    let lower = Rect {
        y: area.y + upper.height,
        height: rows,
        ..area
    };
    (upper, lower)
}

/// The highest `rows` rows of `area` and the part below.
pub(super) fn split_top(area: Rect, rows: u16) -> (Rect, Rect) {
    split_bottom(area, area.height.saturating_sub(rows))
}

/// Writes one line in the middle of `area`; what is too long is cut.
pub(super) fn centred(text: &str, area: Rect, row: u16, style: Style, buf: &mut Buffer) {
    let width = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    let indent = area.width.saturating_sub(width) / 2;
    let room = usize::from(area.width - indent);
    buf.set_stringn(area.x + indent, row, text, room, style);
}
