//! [`Picture`]: what there is to see of a game.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::arena::ArenaView;
use super::battle::BattleView;

/// The state of a game, to be drawn.
#[derive(Clone, Copy, Debug)]
pub enum Picture<'a> {
    /// A duel.
    Arena(ArenaView<'a>),
    /// A skirmish.
    Battle(BattleView<'a>),
}

impl<'a> From<ArenaView<'a>> for Picture<'a> {
    fn from(view: ArenaView<'a>) -> Self {
        Self::Arena(view)
    }
}

impl<'a> From<BattleView<'a>> for Picture<'a> {
    fn from(view: BattleView<'a>) -> Self {
        Self::Battle(view)
    }
}

impl Widget for Picture<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        match self {
            Self::Arena(view) => view.render(area, buf),
            Self::Battle(view) => view.render(area, buf),
        }
    }
}
