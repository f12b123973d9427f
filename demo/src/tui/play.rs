//! What a person who plays sees.

use core::slice;

use ratatui::Frame;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

use super::color::DIM;
use super::hud::{self, PeerView};
use super::picture::Picture;
use super::size::{centred, fits, split_bottom};

/// What a person who plays is shown.
#[derive(Clone, Copy, Debug)]
pub struct PlayView<'a> {
    /// The game, once the session is joined.
    pub picture: Option<Picture<'a>>,
    /// The person's figures.
    pub peer: &'a PeerView,
    /// Something to say, such as `connecting to 10.0.0.1:4433`; instead of the keys.
    pub notice: Option<&'a str>,
    /// What the keys do, or what came of them, in one line; the first of these that fits is shown,
    /// or else the last.
    pub keys: &'a [&'a str],
}

/// Draws `view` over the whole frame: the picture, the figures, and one line of text.
pub fn draw_play(frame: &mut Frame<'_>, view: &PlayView<'_>) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    if !fits(area, buf) {
        return;
    }
    let (rest, line) = split_bottom(area, 1);
    let fight = hud::render(slice::from_ref(view.peer), rest, buf);
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
    let fits = |keys: &&&str| keys.chars().count() < usize::from(line.width);
    let keys = view.keys.iter().find(fits).or(view.keys.last());
    let (text, style) = match view.notice {
        Some(notice) => (notice, Style::new().add_modifier(Modifier::BOLD)),
        None => (keys.copied().unwrap_or_default(), Style::new().fg(DIM)),
    };
    centred(text, line, line.y, style, buf);
}
