//! The colours that all pictures share.

use phalanx_engine::Slot;
use ratatui::style::Color;

/// The colour of each slot.
const COLORS: [Color; 8] = [
    Color::LightCyan,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightMagenta,
    Color::LightBlue,
    Color::Indexed(208),
    Color::White,
];
/// The floor and what is of no weight.
pub(super) const DIM: Color = Color::DarkGray;

/// The colour of `slot`.
#[must_use]
pub fn color(slot: Slot) -> Color {
    COLORS[usize::from(slot.0) % COLORS.len()]
}
