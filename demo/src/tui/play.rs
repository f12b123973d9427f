//! What a person who plays sees.

use core::slice;

use phalanx_engine::Slot;
use ratatui::Frame;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

use super::arena::{ArenaView, DIM};
use super::hud::{self, PeerView};
use super::size::{centred, fits, split_bottom};
use crate::duel::Arena;

/// The keys, in one line.
const KEYS: &str = "arrows/WASD move  J light  K heavy  L special  I block  Q quit";
/// The same for narrow terminals.
const FEW_KEYS: &str = "WASD move  J light  K heavy  L special  I block  Q quit";

/// What a person who plays is shown.
#[derive(Clone, Copy, Debug)]
pub struct PlayView<'a> {
    /// The fight, once the session is joined.
    pub arena: Option<&'a Arena>,
    /// The person's slot, once the session is joined.
    pub slot: Option<Slot>,
    /// The person's figures.
    pub peer: &'a PeerView,
    /// Something to say, such as `connecting to 10.0.0.1:4433`; instead of the keys.
    pub notice: Option<&'a str>,
    /// Whether to show where fighters can be hit.
    pub hit_boxes: bool,
}

/// Draws `view` over the whole frame: the fight, the figures, and one line of text.
pub fn draw_play(frame: &mut Frame<'_>, view: &PlayView<'_>) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    if !fits(area, buf) {
        return;
    }
    let (rest, line) = split_bottom(area, 1);
    let fight = hud::render(slice::from_ref(view.peer), rest, buf);
    match view.arena {
        Some(arena) => ArenaView::new(arena)
            .own(view.slot)
            .hit_boxes(view.hit_boxes)
            .render(fight, buf),
        None => centred(
            "C O N N E C T I N G",
            fight,
            fight.height / 2,
            Style::new(),
            buf,
        ),
    }
    let keys = if usize::from(line.width) > KEYS.len() {
        KEYS
    } else {
        FEW_KEYS
    };
    let (text, style) = match view.notice {
        Some(notice) => (notice, Style::new().add_modifier(Modifier::BOLD)),
        None => (keys, Style::new().fg(DIM)),
    };
    centred(text, line, line.y, style, buf);
}
