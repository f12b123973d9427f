//! [`Person`]: a player in front of a terminal.

use phalanx_engine::{Slot, Tick};
use phalanx_netcode::{Client, Event, Time};

use crate::driver::Pilot;
use crate::duel::{Arena, Duel, Pad};
use crate::exit::Failure;
use crate::tui::{ArenaView, Keyboard, Lamp, PeerView, PlayView, Screen, draw_play, keyboard};

/// A person plays duel: the keyboard is the pad, the terminal the picture.
pub(crate) struct Person {
    /// Given back when the session is over, so that the summary is seen.
    screen: Option<Screen>,
    keyboard: Keyboard,
    peer: PeerView,
    notice: Option<String>,
}

impl Person {
    /// Takes the terminal.
    pub(crate) fn open() -> Result<Self, Failure> {
        let screen = Screen::open().map_err(Failure::usage)?;
        let keyboard = Keyboard::new(screen.reports_releases());
        Ok(Self {
            screen: Some(screen),
            keyboard,
            peer: PeerView::new("you"),
            notice: Some("connecting".into()),
        })
    }

    /// Takes in every key pressed so far.
    fn read(&mut self, now: Time) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        // A terminal that fails is as good as one that is closed: the next drawing ends it.
        while let Ok(Some(event)) = screen.event() {
            self.keyboard.handle(now, &event);
        }
    }
}

impl Pilot<Duel> for Person {
    fn sample(&mut self, now: Time, _tick: Tick, _slot: Slot, _state: &Arena) -> Pad {
        self.read(now);
        self.keyboard.sample(now)
    }

    fn told(&mut self, _client: &Client<Duel>, event: &Event) {
        match event {
            Event::Joined { slot, .. } => {
                self.notice = Some(format!("slot {slot}: waiting for the others"));
            }
            Event::Started | Event::Ended => self.notice = None,
            Event::Desync(tick) => {
                self.notice = Some(format!("DESYNC since tick {tick}"));
                self.peer.lamp.turn(Lamp::Red(*tick));
            }
            Event::Closed(_) => self.screen = None,
        }
    }

    fn shown(&mut self, now: Time, client: &Client<Duel>) -> bool {
        self.read(now);
        self.peer.refresh(client);
        let arena = client.state().map(ArenaView::new);
        let view = PlayView {
            picture: arena.map(|arena| arena.own(client.slot()).into()),
            peer: &self.peer,
            notice: self.notice.as_deref(),
            keys: &keyboard::KEYS,
        };
        let Some(screen) = &mut self.screen else {
            return true;
        };
        let drawn = screen.draw(now, |frame| draw_play(frame, &view)).is_ok();
        drawn && !self.keyboard.quit_requested()
    }
}
