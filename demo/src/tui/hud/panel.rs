//! [`PeerPanel`]: all figures of a peer in a grid.

use core::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::{Lamp, PeerView};
use crate::tui::color::DIM;

/// Columns of one figure with its label, and of the gap to the next.
const FIGURE: u16 = 17;
const GAP: u16 = 2;
/// Figures that take one place in the grid; the checksum takes two.
const FIGURES: u16 = 10;

/// Draws a peer's figures in a frame, as many side by side as fit.
#[derive(Clone, Copy, Debug)]
pub struct PeerPanel<'a>(pub &'a PeerView);

impl PeerPanel<'_> {
    /// The narrowest panel, columns.
    pub const MIN_WIDTH: u16 = 2 * FIGURE + GAP + 4;

    /// Rows of a panel that is `width` columns wide.
    #[must_use]
    pub fn rows(width: u16) -> u16 {
        let places = places(width.saturating_sub(4));
        // The checksum does not break: if there is one place left in the last row, it wraps.
        let left = (places - FIGURES % places) % places;
        let last = if left >= 2 { 0 } else { 1 };
        FIGURES.div_ceil(places) + last + 2
    }
}

/// Figures side by side, at least two.
fn places(inner: u16) -> u16 {
    ((inner + GAP) / (FIGURE + GAP)).max(2)
}

impl Widget for PeerPanel<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let block = Block::bordered()
            .border_style(Style::new().fg(DIM))
            .title(title(self.0));
        let inner = block.inner(area);
        block.render(area, buf);
        if inner.width < 2 || inner.height == 0 {
            return;
        }
        let places = places(inner.width - 2);
        let put = |buf: &mut Buffer, place: u16, width: u16, label: &str, value: &str| {
            let x = inner.x + 1 + place % places * (FIGURE + GAP);
            let y = inner.y + place / places;
            if y >= inner.bottom() || x >= inner.right() {
                return;
            }
            let room = usize::from(inner.right() - x);
            let bold = Style::new().add_modifier(Modifier::BOLD);
            buf.set_stringn(x, y, label, room, Style::new());
            let indent = usize::from(width).saturating_sub(value.chars().count());
            let from = x + u16::try_from(indent).unwrap_or(0);
            let room = usize::from(inner.right().saturating_sub(from));
            buf.set_stringn(from, y, value, room, bold);
        };
        for ((label, value), place) in figures(self.0).iter().zip(0..) {
            put(buf, place, FIGURE, label, value);
        }
        let left = (places - FIGURES % places) % places;
        let place = if left >= 2 {
            FIGURES
        } else {
            FIGURES.next_multiple_of(places)
        };
        let wide = 2 * FIGURE + GAP;
        put(buf, place, wide, "checksum", &checksum(self.0));
    }
}

/// The lamp and what it means, and the name.
fn title(peer: &PeerView) -> Line<'_> {
    let lamp = peer.lamp;
    let meaning = match lamp {
        Lamp::Dark => " not compared yet ".to_owned(),
        Lamp::Green(tick) => format!(" same at {tick} "),
        Lamp::Red(tick) => format!(" DESYNC at {tick} "),
    };
    let style = Style::new().fg(lamp.color());
    Line::from(vec![
        Span::styled(format!(" {} ", lamp.glyph()), style),
        Span::styled(
            peer.name.as_str(),
            Style::new().add_modifier(Modifier::BOLD),
        ),
        Span::styled(meaning, style),
    ])
}

fn figures(peer: &PeerView) -> [(&'static str, String); FIGURES as usize] {
    let unknown = || "-".to_owned();
    let latency = |(p50, p99)| format!("{p50}/{p99} ms");
    [
        ("next", peer.next.to_string()),
        ("confirmed", peer.confirmed.to_string()),
        ("agreed", peer.agreed.to_string()),
        ("lead", lead(peer)),
        ("rollbacks", peer.rollbacks.to_string()),
        (
            "depth",
            format!("{}, max {}", peer.depth_last, peer.depth_max),
        ),
        ("stalls", peer.stalls.to_string()),
        (
            "late",
            peer.late_inputs
                .map_or_else(unknown, |late| late.to_string()),
        ),
        ("trip", peer.round_trip.map_or_else(unknown, millis)),
        ("input", peer.latency_ms.map_or_else(unknown, latency)),
    ]
}

pub(super) fn lead(peer: &PeerView) -> String {
    format!("{} ms", peer.lead_nanos / 1_000_000)
}

/// Milliseconds with one decimal.
pub(super) fn millis(duration: Duration) -> String {
    let tenths = duration.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

fn checksum(peer: &PeerView) -> String {
    peer.checksum.map_or_else(
        || "-".to_owned(),
        |(tick, digest)| format!("{digest} @{tick}"),
    )
}
