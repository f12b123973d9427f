//! [`PeerTable`]: one row per peer, where panels find no room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

use super::panel::{lead, millis};
use super::{Lamp, PeerView};

/// Columns of the lamp and the name.
const NAME: u16 = 9;

/// A column of the table.
struct Column {
    title: &'static str,
    width: u16,
    /// Where there is no room for all, those with the lowest rank stay.
    rank: u8,
    value: fn(&PeerView) -> String,
}

const COLUMNS: [Column; 10] = [
    Column {
        title: "next",
        width: 7,
        rank: 1,
        value: |peer| peer.next.to_string(),
    },
    Column {
        title: "conf",
        width: 7,
        rank: 2,
        value: |peer| peer.confirmed.to_string(),
    },
    Column {
        title: "agreed",
        width: 7,
        rank: 5,
        value: |peer| peer.agreed.to_string(),
    },
    Column {
        title: "lead",
        width: 7,
        rank: 6,
        value: lead,
    },
    Column {
        title: "trip",
        width: 9,
        rank: 8,
        value: |peer| {
            let trip = peer.round_trip;
            trip.map_or_else(|| "-".to_owned(), millis)
        },
    },
    Column {
        title: "rollb",
        width: 6,
        rank: 3,
        value: |peer| peer.rollbacks.to_string(),
    },
    Column {
        title: "depth",
        width: 6,
        rank: 4,
        value: |peer| format!("{}/{}", peer.depth_last, peer.depth_max),
    },
    Column {
        title: "stalls",
        width: 7,
        rank: 7,
        value: |peer| peer.stalls.to_string(),
    },
    Column {
        title: "late",
        width: 5,
        rank: 9,
        value: |peer| {
            let late = peer.late_inputs;
            late.map_or_else(|| "-".to_owned(), |late| late.to_string())
        },
    },
    Column {
        title: "checksum",
        width: 17,
        rank: 0,
        value: |peer| {
            let checksum = peer.checksum;
            checksum.map_or_else(|| "-".to_owned(), |(_, digest)| digest.to_string())
        },
    },
];

/// Draws figures of peers, one row each, below a row of titles.
#[derive(Clone, Copy, Debug)]
pub struct PeerTable<'a>(pub &'a [PeerView]);

impl PeerTable<'_> {
    /// Rows of the table.
    #[must_use]
    pub fn rows(peers: usize) -> u16 {
        u16::try_from(peers).unwrap_or(u16::MAX).saturating_add(1)
    }
}

/// The highest rank that still fits `width`.
fn last_rank(width: u16) -> u8 {
    let needed = |rank| {
        let shown = COLUMNS.iter().filter(|column| column.rank <= rank);
        shown.map(|column| column.width).sum::<u16>() + NAME
    };
    (0..=9)
        .rev()
        .find(|rank| needed(*rank) <= width)
        .unwrap_or(0)
}

impl Widget for PeerTable<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        if area.height < 2 || area.width < NAME {
            return;
        }
        let rows = usize::from(area.height - 1);
        // Where there is no room for all, the last row is for the rest.
        let fit = if self.0.len() > rows {
            rows - 1
        } else {
            self.0.len()
        };
        let (shown, hidden) = self.0.split_at(fit);
        let rank = last_rank(area.width);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let mut x = area.x + NAME;
        for column in COLUMNS.iter().filter(|column| column.rank <= rank) {
            let width = usize::from(column.width);
            let titles = [(column.title.to_owned(), Style::new())];
            let values = shown.iter().map(|peer| ((column.value)(peer), bold));
            let cells = titles.into_iter().chain(values);
            for ((text, style), y) in cells.zip(area.y..area.bottom()) {
                let room = usize::from(area.right().saturating_sub(x)).min(width);
                buf.set_stringn(x, y, format!("{text:>width$}"), room, style);
            }
            x = x.saturating_add(column.width);
        }
        for (peer, y) in shown.iter().zip(area.y + 1..area.bottom()) {
            put_name(&peer.name, peer.lamp, area.x, y, buf);
        }
        // Nobody's desync is hidden.
        let lamps = hidden.iter().map(|peer| peer.lamp);
        if let Some(lamp) = lamps.reduce(Lamp::worse) {
            let text = format!("{} more", hidden.len());
            put_name(&text, lamp, area.x, area.bottom() - 1, buf);
        }
    }
}

/// A lamp and a name beside it.
fn put_name(name: &str, lamp: Lamp, x: u16, y: u16, buf: &mut Buffer) {
    buf.set_string(x, y, lamp.glyph(), Style::new().fg(lamp.color()));
    let bold = Style::new().add_modifier(Modifier::BOLD);
    buf.set_stringn(x + 2, y, name, usize::from(NAME - 2), bold);
}
