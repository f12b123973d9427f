//! Health, wins, round and clock, above the fight.

use phalanx_engine::Slot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::duel::{Arena, Fighter, HEALTH_MAX, Phase, ROUND_TICKS};
use crate::tui::color::{DIM, color};
use crate::tui::size::centred;

/// More fighters than two share rows, so many each.
const PER_ROW: u16 = 4;
/// What fills a bar from the left, by eighths of a cell.
const EIGHTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// Columns between the bars of two fighters, for the clock.
const CLOCK: u16 = 8;

/// Rows for so many fighters.
pub(super) fn rows(fighters: usize) -> u16 {
    let fighters = u16::try_from(fighters).unwrap_or(u16::MAX);
    if fighters <= 2 {
        2
    } else {
        1 + fighters.div_ceil(PER_ROW)
    }
}

/// Draws all that is above the fight.
pub(super) fn render(
    arena: &Arena,
    own: Option<Slot>,
    present: &[(Slot, Fighter)],
    area: Rect,
    buf: &mut Buffer,
) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let round = match arena.round.number {
        0 => String::new(),
        number => format!("round {number}"),
    };
    if present.len() > 2 {
        let line = format!("{round}   {}", clock(arena));
        centred(line.trim(), area, area.y, bold, buf);
        several(own, present, area, buf);
        return;
    }
    centred(&clock(arena), area, area.y, bold, buf);
    centred(&round, area, area.y + 1, Style::new(), buf);
    let width = (area.width.saturating_sub(CLOCK)) / 2;
    // Mirrored: health is lost from the outside in.
    for (index, (slot, fighter)) in present.iter().enumerate() {
        let left = index == 0;
        let x = if left { area.x } else { area.right() - width };
        let bar = Rect::new(x, area.y, width, 1);
        health(fighter, left, bar, buf);
        let score = wins(fighter);
        let name = name(*slot, own);
        let text = if left {
            format!("{name}  {score}")
        } else {
            format!("{:>1$}", format!("{score}  {name}"), usize::from(width))
        };
        let style = Style::new().fg(color(*slot));
        buf.set_stringn(x, area.y + 1, text, usize::from(width), style);
    }
}

/// Bars side by side, [`PER_ROW`] in a row.
fn several(own: Option<Slot>, present: &[(Slot, Fighter)], area: Rect, buf: &mut Buffer) {
    let width = area.width / PER_ROW;
    for ((slot, fighter), place) in present.iter().zip(0..) {
        let (x, y) = (
            area.x + place % PER_ROW * width,
            area.y + 1 + place / PER_ROW,
        );
        let style = Style::new().fg(color(*slot));
        let mark = if own == Some(*slot) { '▼' } else { ' ' };
        buf.set_string(x, y, format!("{mark}{}", slot.0), style);
        let score = format!("{:>3}", fighter.wins.min(999));
        let bar = Rect::new(x + 3, y, width.saturating_sub(8), 1);
        health(fighter, false, bar, buf);
        buf.set_string(bar.right(), y, score, style);
    }
}

fn name(slot: Slot, own: Option<Slot>) -> String {
    if own == Some(slot) {
        format!("slot {} (you)", slot.0)
    } else {
        format!("slot {}", slot.0)
    }
}

fn wins(fighter: &Fighter) -> String {
    match fighter.wins {
        0 => String::new(),
        wins @ 1..=5 => "●".repeat(usize::from(wins)),
        wins => format!("● x{wins}"),
    }
}

/// Seconds that are left of the round, if one is fought.
fn clock(arena: &Arena) -> String {
    match arena.round.phase {
        Phase::Fight => arena.round.left.min(ROUND_TICKS).div_ceil(60).to_string(),
        Phase::Intermission => "--".to_owned(),
    }
}

/// A bar of health in `area`; from the right if `mirrored`.
fn health(fighter: &Fighter, mirrored: bool, area: Rect, buf: &mut Buffer) {
    let health = fighter.health.min(HEALTH_MAX);
    let fill = match u32::from(health) * 100 / u32::from(HEALTH_MAX) {
        50.. => Color::LightGreen,
        25.. => Color::LightYellow,
        _ => Color::LightRed,
    };
    // One who stands has at least a sliver.
    let eighths = (u32::from(health) * u32::from(area.width) * 8).div_ceil(HEALTH_MAX.into());
    let eighths = u16::try_from(eighths).unwrap_or(0);
    for cell in 0..area.width {
        let part = eighths.saturating_sub(cell * 8).min(8);
        let x = if mirrored {
            area.right() - 1 - cell
        } else {
            area.x + cell
        };
        let style = Style::new().fg(fill);
        let (glyph, style) = match part {
            0 => ("░", Style::new().fg(DIM)),
            // There are blocks that grow from the left only: for the others the rest is left out.
            1..8 if mirrored => (
                EIGHTHS[usize::from(8 - part)],
                style.add_modifier(Modifier::REVERSED),
            ),
            _ => (EIGHTHS[usize::from(part)], style),
        };
        buf.set_string(x, area.y, glyph, style);
    }
}
