//! [`Watcher`]: a match drawn in the terminal, beside the figures of every player.

use core::cell::RefMut;

use phalanx_netcode::testing::Planted;
use phalanx_netcode::{Client, Time};

use crate::exit::{Exit, Failure};
use crate::game::Game;
use crate::plan::Plan;
use crate::tui::{Flashes, Keyboard, PeerView, Screen, WatchView, draw_watch, hud};

/// Somebody who looks at a match.
pub(crate) struct Watcher<G: Game> {
    screen: Screen,
    keyboard: Keyboard,
    peers: Vec<PeerView>,
    title: String,
    flashes: Flashes<G::Effect>,
}

impl<G: Game> Watcher<G> {
    /// Takes the terminal for a match of `plan`.
    pub(crate) fn open(plan: &Plan) -> Result<Self, Failure> {
        let screen = Screen::open().map_err(Failure::usage)?;
        let keyboard = Keyboard::new(screen.reports_releases());
        let names = (0..plan.scenario.players).map(|slot| format!("slot {slot}"));
        let title = format!("match over {}", plan.net);
        Ok(Self {
            screen,
            keyboard,
            peers: names.map(PeerView::new).collect(),
            title,
            flashes: Flashes::default(),
        })
    }

    /// Draws where the players stand; `false` if the watcher has seen enough.
    pub(crate) fn show(
        &mut self,
        now: Time,
        mut players: Vec<RefMut<'_, Client<Planted<G>>>>,
    ) -> Result<bool, Failure> {
        let failed = |error: std::io::Error| Failure::new(Exit::Internal, error);
        while let Some(event) = self.screen.event().map_err(failed)? {
            self.keyboard.handle(now, &event);
        }
        // In the order of slots, which is not that of connecting.
        players.sort_by_key(|player| player.slot());
        for (peer, player) in self.peers.iter_mut().zip(&players) {
            peer.refresh(player);
        }
        let timelines: Vec<_> = players
            .iter()
            .filter_map(|player| player.timeline())
            .collect();
        if timelines.len() == self.peers.len() {
            hud::compare(&mut self.peers, &timelines);
        }
        if let Some(player) = players.first_mut() {
            self.flashes.take(now, player.effects());
        }
        let cues = self.flashes.shown();
        let view = WatchView {
            picture: players
                .first()
                .and_then(|player| player.state())
                .map(|state| G::picture(state, cues)),
            peers: &self.peers,
            title: &self.title,
            notice: None,
        };
        self.screen
            .draw(now, |frame| draw_watch(frame, &view))
            .map_err(failed)?;
        Ok(!self.keyboard.quit_requested())
    }
}
