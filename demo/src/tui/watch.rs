//! What a person who watches a match sees: one picture of it, and the figures of all peers.

use ratatui::Frame;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

use super::color::DIM;
use super::hud::{self, PeerView};
use super::picture::Picture;
use super::size::{centred, fits, split_bottom};

/// What a person who watches a match is shown.
#[derive(Clone, Copy, Debug)]
pub struct WatchView<'a> {
    /// The game as one of the peers has it, once it has joined.
    pub picture: Option<Picture<'a>>,
    /// Figures of all peers.
    pub peers: &'a [PeerView],
    /// What is watched, such as `duel, rollback, wifi, seed 7`.
    pub title: &'a str,
    /// Something to say, such as `desync at tick 900`; instead of the title.
    pub notice: Option<&'a str>,
}

/// Draws `view` over the whole frame: the picture, the peers side by side (a table where there is no
/// room for that), and one line of text.
pub fn draw_watch(frame: &mut Frame<'_>, view: &WatchView<'_>) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    if !fits(area, buf) {
        return;
    }
    let (rest, line) = split_bottom(area, 1);
    let fight = hud::render(view.peers, rest, buf);
    match view.picture {
        Some(picture) => picture.render(fight, buf),
        None => centred(
            "C O N N E C T I N G",
            fight,
            fight.height / 2,
            Style::new(),
            buf,
        ),
    }
    let (text, style) = match view.notice {
        Some(notice) => (notice, Style::new().add_modifier(Modifier::BOLD)),
        None => (view.title, Style::new().fg(DIM)),
    };
    centred(text, line, line.y, style, buf);
}
