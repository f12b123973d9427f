//! What is written over a picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::size::centred;

/// Writes two lines at the top of `stage`: one that stands out, and one below.
pub(super) fn announce(large: &str, small: &str, stage: Rect, buf: &mut Buffer) {
    let bold = Style::new().fg(Color::White).add_modifier(Modifier::BOLD);
    if stage.height > 0 {
        centred(&spaced(large), stage, stage.y, bold, buf);
    }
    if stage.height > 1 {
        centred(small, stage, stage.y + 1, Style::new(), buf);
    }
}

/// Letters with gaps between them look larger.
fn spaced(text: &str) -> String {
    let letters = text.chars().map(String::from).collect::<Vec<_>>();
    letters.join(" ")
}
