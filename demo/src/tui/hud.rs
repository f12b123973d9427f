//! Figures of one peer, and the lamp that tells whether all hold the same world.

mod panel;
mod table;

use core::time::Duration;

use phalanx_engine::{Digest, Simulation, Tick, Timeline};
use phalanx_netcode::Client;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::widgets::Widget;

use super::size::split_bottom;

pub use panel::PeerPanel;
pub use table::PeerTable;

/// Whether a peer holds the same world as the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lamp {
    /// Not compared yet.
    #[default]
    Dark,
    /// The checksum of this tick, or the vote on it, is the same as the others'.
    Green(Tick),
    /// It is not, since this tick. Stays.
    Red(Tick),
}

impl Lamp {
    /// Takes a later finding; red stays, with the first tick it was seen for.
    pub fn turn(&mut self, to: Self) {
        match (*self, to) {
            (Self::Red(first), Self::Red(tick)) => *self = Self::Red(first.min(tick)),
            (Self::Red(_), _) => {}
            (_, to) => *self = to,
        }
    }

    /// The worse of two.
    pub(super) const fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Red(_), _) | (_, Self::Green(_)) => self,
            (_, Self::Red(_)) | (Self::Green(_), _) | (Self::Dark, Self::Dark) => other,
        }
    }

    pub(super) const fn color(self) -> Color {
        match self {
            Self::Dark => Color::DarkGray,
            Self::Green(_) => Color::LightGreen,
            Self::Red(_) => Color::LightRed,
        }
    }

    /// Readable without colours.
    pub(super) const fn glyph(self) -> &'static str {
        match self {
            Self::Dark => "○",
            Self::Green(_) => "●",
            Self::Red(_) => "✖",
        }
    }
}

/// Figures of one peer, to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerView {
    /// What it is called.
    pub name: String,
    /// The tick it executes next.
    pub next: Tick,
    /// The first tick that is not confirmed.
    pub confirmed: Tick,
    /// The first tick that is not agreed.
    pub agreed: Tick,
    /// How far before the relay's deadline it stamps, nanoseconds.
    pub lead_nanos: i64,
    /// Fastest round trip, if one was measured.
    pub round_trip: Option<Duration>,
    /// How often ticks were executed again.
    pub rollbacks: u64,
    /// Ticks executed again by the latest rollback; the mean of several since the last refresh.
    pub depth_last: u64,
    /// Most ticks executed again by one rollback.
    pub depth_max: u64,
    /// Ticks that were not executed when first due.
    pub stalls: u64,
    /// Inputs that came after their ticks were sealed, if it is known.
    pub late_inputs: Option<u64>,
    /// From sampling to execution from the log, milliseconds: median and 99th percentile.
    pub latency_ms: Option<(u64, u64)>,
    /// The last confirmed tick and its checksum.
    pub checksum: Option<(Tick, Digest)>,
    /// Whether it holds the same world as the others.
    pub lamp: Lamp,
    /// Rollbacks, and ticks executed again, when the latest depth was computed.
    depth_base: (u64, u64),
}

impl PeerView {
    /// A peer of which nothing is known yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Takes the figures of `client`; to be called once per drawing. The lamp turns green when the
    /// others agree on ticks. It turns red by [`Lamp::turn`] when the client tells of a desync, or
    /// by [`compare`].
    pub fn refresh<S: Simulation>(&mut self, client: &Client<S>) {
        let stats = client.stats();
        self.lead_nanos = stats.lead_nanos;
        self.round_trip = stats.round_trip;
        self.stalls = stats.stalls;
        let quantile = |per_mille| stats.input_latency_ms.quantile_ms(per_mille);
        self.latency_ms = quantile(500).zip(quantile(990));
        self.agreed = client.agreed();
        if let Some(timeline) = client.timeline() {
            self.follow(timeline);
        }
        if let Some(tick) = self.agreed.previous() {
            self.lamp.turn(Lamp::Green(tick));
        }
    }

    /// Takes the figures of `timeline`, for one who plays without a client.
    pub fn follow<S: Simulation>(&mut self, timeline: &Timeline<S>) {
        let stats = timeline.stats();
        self.next = timeline.next();
        self.confirmed = timeline.confirmed();
        self.rollbacks = stats.rollbacks;
        self.depth_max = stats.rollback_depth_max;
        let (rollbacks, again) = self.depth_base;
        let rollbacks = stats.rollbacks.saturating_sub(rollbacks);
        let again = stats.resimulated_ticks.saturating_sub(again);
        if let Some(depth) = again.checked_div(rollbacks).filter(|depth| *depth > 0) {
            self.depth_last = depth;
            self.depth_base = (stats.rollbacks, stats.resimulated_ticks);
        }
        self.checksum = timeline
            .confirmed()
            .previous()
            .and_then(|tick| Some((tick, timeline.digest(tick)?)));
    }
}

/// Turns the lamps of peers whose timelines are at hand, in the same order: by their checksums of
/// the newest tick that all have confirmed. Green is who holds what more than half of all hold.
pub fn compare<S: Simulation>(peers: &mut [PeerView], timelines: &[&Timeline<S>]) {
    let confirmed = timelines.iter().map(|timeline| timeline.confirmed()).min();
    let Some(tick) = confirmed.and_then(Tick::previous) else {
        return;
    };
    let checksums = timelines.iter().map(|timeline| timeline.digest(tick));
    judge(peers, tick, &checksums.collect::<Vec<_>>());
}

/// The rule of [`compare`]. A checksum that is no longer kept says nothing.
fn judge(peers: &mut [PeerView], tick: Tick, checksums: &[Option<Digest>]) {
    for (peer, own) in peers.iter_mut().zip(checksums) {
        if own.is_none() {
            continue;
        }
        let same = checksums.iter().filter(|other| *other == own).count();
        let known = checksums.iter().flatten().count();
        peer.lamp.turn(if same * 2 > known {
            Lamp::Green(tick)
        } else {
            Lamp::Red(tick)
        });
    }
}

/// Rows that panels leave to the fight.
const FIGHT_ROWS: u16 = 14;

/// Draws the figures of all peers at the bottom of `area`, side by side, or as a table where there
/// is no room for that; returns what is left above.
pub(super) fn render(peers: &[PeerView], area: Rect, buf: &mut Buffer) -> Rect {
    let count = u16::try_from(peers.len()).unwrap_or(u16::MAX).max(1);
    let width = area.width / count;
    let rows = PeerPanel::rows(width);
    if width < PeerPanel::MIN_WIDTH || rows + FIGHT_ROWS > area.height {
        let rows = PeerTable::rows(peers.len()).min(area.height / 2);
        let (rest, table) = split_bottom(area, rows);
        PeerTable(peers).render(table, buf);
        return rest;
    }
    let (rest, panels) = split_bottom(area, rows);
    for (peer, place) in peers.iter().zip(0..) {
        let panel = Rect {
            x: panels.x + place * width,
            width,
            ..panels
        };
        PeerPanel(peer).render(panel, buf);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lamps(checksums: &[Option<u64>]) -> Vec<Lamp> {
        let mut peers = vec![PeerView::new("peer"); checksums.len()];
        let checksums = checksums.iter().map(|digest| digest.map(Digest));
        judge(&mut peers, Tick(7), &checksums.collect::<Vec<_>>());
        peers.into_iter().map(|peer| peer.lamp).collect()
    }

    #[test]
    fn who_differs_from_most_is_red() {
        let (green, red) = (Lamp::Green(Tick(7)), Lamp::Red(Tick(7)));
        assert_eq!(lamps(&[Some(1), Some(1)]), [green, green]);
        assert_eq!(lamps(&[Some(1), Some(2)]), [red, red]);
        assert_eq!(lamps(&[Some(1), Some(2), Some(1)]), [green, red, green]);
        assert_eq!(lamps(&[Some(1), None, Some(1)]), [green, Lamp::Dark, green]);
    }

    #[test]
    fn red_stays() {
        let mut lamp = Lamp::Dark;
        lamp.turn(Lamp::Green(Tick(1)));
        lamp.turn(Lamp::Red(Tick(3)));
        lamp.turn(Lamp::Green(Tick(4)));
        lamp.turn(Lamp::Red(Tick(5)));
        assert_eq!(lamp, Lamp::Red(Tick(3)));
    }
}
