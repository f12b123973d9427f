//! What stands on the ground: patches of ore and buildings.

use phalanx_engine::Fix32;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::crowd::Crowd;
use super::plain::{Plain, fill};
use crate::skirmish::{BUILDING_RADIUS, Battle, Place, Structure};
use crate::tui::color::color;

/// Less ore than this is little.
const LITTLE_ORE: u32 = 150;
/// Ore at which nobody digs.
const ORE: Color = Color::Indexed(178);
/// What is not built yet, or not any more.
const DARK: Color = Color::Indexed(236);

/// Draws the patches; in the colour of the workers who are there, and under the soldiers.
pub(super) fn render_patches(battle: &Battle, plain: &Plain, crowd: &Crowd, buf: &mut Buffer) {
    let patches = &battle.patches;
    for row in patches.rows() {
        let place = patches.position[row];
        if crowd.has_soldiers(plain.cell(place)) {
            continue;
        }
        if let Some(cell) = buf.cell_mut(plain.position(place)) {
            let glyph = if patches.ore[row] < LITTLE_ORE {
                '◇'
            } else {
                '◆'
            };
            if cell.symbol() == " " {
                cell.set_fg(ORE);
            }
            cell.set_char(glyph);
        }
    }
}

/// Draws the buildings, as large as they are, over whoever is there.
pub(super) fn render_buildings(battle: &Battle, plain: &Plain, buf: &mut Buffer) {
    let buildings = &battle.buildings;
    let reach = BUILDING_RADIUS.saturating_to_fix32();
    for row in buildings.rows() {
        let middle = buildings.position[row];
        let Place { x, y } = middle;
        let corner = |reach: Fix32| Place::new(x + reach, y + reach);
        let cells = plain.cells(corner(-reach), corner(reach));
        let color = color(buildings.owner[row]);
        let structure = buildings.structure[row];
        let site = buildings.missing[row] > 0;
        // Columns that are whole, and at least one.
        let part = |part: u16, whole: u16| {
            let columns = u32::from(cells.width) * u32::from(part.min(whole));
            u16::try_from(columns.div_ceil(whole.max(1).into())).unwrap_or(cells.width)
        };
        let whole = if site {
            0
        } else {
            part(buildings.health[row], structure.health())
        };
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let lit = Rect {
            width: whole,
            ..cells
        };
        for (cells, front, back) in [(cells, color, DARK), (lit, Color::Black, color)] {
            fill(cells, buf, |cell| {
                cell.set_char(' ').set_style(bold.fg(front).bg(back));
            });
        }
        let text = if site {
            progress(buildings.missing[row], structure, cells.width)
        } else {
            letter(structure, buildings.training[row].len(), cells.width)
        };
        let room = usize::from(cells.width);
        // Without colours: those of the cells stay.
        let line = plain.position(middle).y;
        buf.set_stringn(cells.x, line, text, room, Style::new());
    }
}

/// How much of a site is done: tenths where there is one column, percent in others.
fn progress(missing: u16, structure: Structure, width: u16) -> String {
    let whole = structure.building_ticks();
    let done = u32::from(whole.saturating_sub(missing)) * 100 / u32::from(whole);
    match width {
        0 | 1 => (done / 10).to_string(),
        2 => format!("{done:02}"),
        _ => format!("{done}%"),
    }
}

/// What it is, and how many are in training.
fn letter(structure: Structure, training: usize, width: u16) -> String {
    let letter = match structure {
        Structure::Base => 'B',
        Structure::Barracks => 'K',
    };
    if training > 0 && width > 1 {
        format!("{letter}{training}")
    } else {
        letter.to_string()
    }
}
