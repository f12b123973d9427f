//! [`Census`]: what every player has, above the plain.

use phalanx_engine::Slot;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use crate::skirmish::{Battle, Kind, PLAYERS_MAX, Phase, ROUND_TICKS};
use crate::tui::color::{DIM, color};
use crate::tui::size::centred;

/// Columns of a player, at least.
const COLUMNS: u16 = 20;
/// Behind a bar that is not full.
const EMPTY: Color = Color::Indexed(236);
/// Ticks in a second, unless the session says otherwise.
const TICKS_PER_SECOND: u16 = 20;

/// What one player has.
#[derive(Clone, Copy, Default)]
struct Count {
    soldiers: u32,
    workers: u32,
}

/// What every player has.
pub(super) struct Census {
    /// How many players there are: slots from 0 on.
    players: u16,
    counts: [Count; PLAYERS_MAX as usize],
}

impl Census {
    /// Looks at every unit once.
    pub(super) fn of(battle: &Battle) -> Self {
        let mut counts = [Count::default(); PLAYERS_MAX as usize];
        let units = &battle.units;
        for row in units.rows() {
            if let Some(count) = counts.get_mut(usize::from(units.owner[row].0)) {
                match units.kind[row] {
                    Kind::Soldier => count.soldiers += 1,
                    Kind::Worker => count.workers += 1,
                }
            }
        }
        // Who lost before they ever won is known only by how many began.
        let known = (1..).zip(&battle.players);
        let known = known.filter(|(_, player)| player.plays || player.wins > 0);
        let highest = known.map(|(count, _)| count).max().unwrap_or(0);
        let entrants = u16::from(battle.round.entrants.min(PLAYERS_MAX));
        Self {
            players: highest.max(entrants),
            counts,
        }
    }

    /// Players side by side in an area of that width; at least one.
    fn per_row(&self, width: u16) -> u16 {
        (width / COLUMNS).clamp(1, self.players.max(1))
    }

    /// Rows in an area of that width.
    pub(super) fn rows(&self, width: u16) -> u16 {
        1 + self.players.div_ceil(self.per_row(width))
    }

    /// Draws the clock and a bar for each player: as long as they have soldiers, beside the one with
    /// the most.
    pub(super) fn render(&self, battle: &Battle, own: Option<Slot>, area: Rect, buf: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let bold = Style::new().add_modifier(Modifier::BOLD);
        centred(&clock(battle), area, area.y, bold, buf);
        let per_row = self.per_row(area.width);
        let width = area.width / per_row;
        let most = self.counts.iter().map(|count| count.soldiers).max();
        let slots = Slot::all(PLAYERS_MAX)
            .zip(&battle.players)
            .zip(&self.counts);
        for (((slot, player), count), place) in slots.zip(0..self.players) {
            let y = area.y + 1 + place / per_row;
            if y >= area.bottom() {
                return;
            }
            let mark = if own == Some(slot) { '▼' } else { ' ' };
            let wins = if player.wins > 0 {
                format!(" ●{}", player.wins)
            } else {
                String::new()
            };
            let bar = Rect::new(area.x + place % per_row * width, y, width, 1);
            if !player.plays {
                let text = format!("{mark}{slot} is out{wins}");
                buf.set_stringn(bar.x, y, text, usize::from(width), Style::new().fg(DIM));
                continue;
            }
            let Count { soldiers, workers } = *count;
            let (soldiers_text, ore) = (short(soldiers), short(player.ore));
            let text = format!("{mark}{slot} {soldiers_text}s {workers}w {ore}o{wins}");
            // A gap to the next one.
            let bar = Rect {
                width: width - 1,
                ..bar
            };
            let full =
                u64::from(soldiers) * u64::from(bar.width) / u64::from(most.unwrap_or(1).max(1));
            render_bar(
                &text,
                u16::try_from(full).unwrap_or(0),
                color(slot),
                bar,
                buf,
            );
        }
    }
}

/// Text on a bar of which so many columns are full.
fn render_bar(text: &str, full: u16, color: Color, bar: Rect, buf: &mut Buffer) {
    let letters = text.chars().chain(core::iter::repeat(' '));
    for (column, letter) in (0..bar.width).zip(letters) {
        if let Some(cell) = buf.cell_mut(Position::new(bar.x + column, bar.y)) {
            let (front, back) = if column < full {
                (Color::Black, color)
            } else {
                (color, EMPTY)
            };
            cell.set_char(letter).set_fg(front).set_bg(back);
        }
    }
}

/// A number in at most 5 columns, up to 9999 thousands.
fn short(number: u32) -> String {
    match number {
        0..10_000 => number.to_string(),
        _ => format!("{}k", number / 1000),
    }
}

/// The round, and how long it is going on; minutes and seconds.
fn clock(battle: &Battle) -> String {
    let round = &battle.round;
    let time = |ticks: u16| {
        let seconds = ticks / TICKS_PER_SECOND;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    };
    match round.phase {
        Phase::Intermission => String::new(),
        Phase::War => format!(
            "round {}   {} of {}",
            round.number,
            time(round.age),
            time(ROUND_TICKS)
        ),
    }
}
