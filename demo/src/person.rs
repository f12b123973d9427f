//! [`Person`]: a player in front of a terminal.

use crossterm::event::Event as Typed;
use phalanx_engine::{NoInput, Simulation, Slot, Tick};
use phalanx_netcode::{Client, Event, Time};

use crate::driver::Pilot;
use crate::duel::{self, Arena, Duel, Pad};
use crate::exit::Failure;
use crate::game::Game;
use crate::skirmish::{self, Battle, Order, Skirmish};
use crate::tui::{
    ArenaView, BattleView, Commander, Flashes, Keyboard, Lamp, PeerView, Picture, PlayView, Screen,
    draw_play, keyboard,
};

/// What a person plays a game with: keys in, inputs and commands and a picture out.
pub(crate) trait Controls<G: Simulation> {
    /// For a terminal that reports the release of keys or does not.
    fn new(releases: bool) -> Self;

    /// The game as it is now, in the eyes of the player of `slot`.
    fn look(&mut self, _slot: Slot, _state: &G::State) {}

    /// Takes an event of the terminal; before the session is joined, there is no game to see.
    fn handle(&mut self, now: Time, event: &Typed, sight: Option<(Slot, &G::State)>);

    /// What is held now.
    fn input(&mut self, now: Time) -> G::Input;

    /// What was ordered since the last call.
    fn orders(&mut self) -> Vec<G::Command> {
        Vec::new()
    }

    /// Whether a key that quits was pressed.
    fn quit_requested(&self) -> bool;

    /// The game as the player sees it, and what flashes at the moment.
    fn picture<'a>(
        &'a self,
        slot: Option<Slot>,
        state: &'a G::State,
        cues: &'a [G::Effect],
    ) -> Picture<'a>;

    /// One line below it, in several lengths, the longest first.
    fn lines(&self) -> Vec<&str>;
}

impl Controls<Duel> for Keyboard {
    fn new(releases: bool) -> Self {
        Self::new(releases)
    }

    fn handle(&mut self, now: Time, event: &Typed, _sight: Option<(Slot, &Arena)>) {
        self.handle(now, event);
    }

    fn input(&mut self, now: Time) -> Pad {
        self.sample(now)
    }

    fn quit_requested(&self) -> bool {
        self.quit_requested()
    }

    fn picture<'a>(
        &'a self,
        slot: Option<Slot>,
        arena: &'a Arena,
        cues: &'a [duel::Cue],
    ) -> Picture<'a> {
        ArenaView::new(arena).own(slot).cues(cues).into()
    }

    fn lines(&self) -> Vec<&str> {
        keyboard::KEYS.to_vec()
    }
}

impl Controls<Skirmish> for Commander {
    fn new(_releases: bool) -> Self {
        Self::new()
    }

    fn look(&mut self, slot: Slot, battle: &Battle) {
        self.look(slot, battle);
    }

    fn handle(&mut self, now: Time, event: &Typed, sight: Option<(Slot, &Battle)>) {
        self.handle(now, event, sight);
    }

    fn input(&mut self, _now: Time) -> NoInput {
        NoInput
    }

    fn orders(&mut self) -> Vec<Order> {
        self.orders()
    }

    fn quit_requested(&self) -> bool {
        self.quit_requested()
    }

    fn picture<'a>(
        &'a self,
        slot: Option<Slot>,
        battle: &'a Battle,
        cues: &'a [skirmish::Cue],
    ) -> Picture<'a> {
        let view = BattleView::new(battle).own(slot).cues(cues);
        view.commander(self).into()
    }

    fn lines(&self) -> Vec<&str> {
        self.lines()
    }
}

/// A person who plays: the keyboard gives the orders, the terminal is the picture.
pub(crate) struct Person<G: Game> {
    /// Given back when the session is over, so that the summary is seen.
    screen: Option<Screen>,
    controls: G::Controls,
    peer: PeerView,
    flashes: Flashes<G::Effect>,
    notice: Option<String>,
}

impl<G: Game> Person<G> {
    /// Takes the terminal.
    pub(crate) fn open() -> Result<Self, Failure> {
        let screen = Screen::open().map_err(Failure::usage)?;
        let controls = G::Controls::new(screen.reports_releases());
        Ok(Self {
            screen: Some(screen),
            controls,
            peer: PeerView::new("you"),
            flashes: Flashes::default(),
            notice: Some("connecting".into()),
        })
    }

    /// Takes in every key pressed so far.
    fn read(&mut self, now: Time, sight: Option<(Slot, &G::State)>) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        if let Some((slot, state)) = sight {
            self.controls.look(slot, state);
        }
        // A terminal that fails is as good as one that is closed: the next drawing ends it.
        while let Ok(Some(event)) = screen.event() {
            self.controls.handle(now, &event, sight);
        }
    }
}

impl<G: Game> Pilot<G> for Person<G> {
    fn sample(&mut self, now: Time, _tick: Tick, slot: Slot, state: &G::State) -> G::Input {
        self.read(now, Some((slot, state)));
        self.controls.input(now)
    }

    fn commands(&mut self, _slot: Slot, _state: &G::State) -> Vec<G::Command> {
        self.controls.orders()
    }

    fn told(&mut self, _client: &Client<G>, event: &Event) {
        match event {
            Event::Joined { slot, .. } => {
                self.notice = Some(format!("slot {slot}: waiting for the others"));
            }
            Event::Started | Event::Live | Event::Ended => self.notice = None,
            Event::Desync(tick) => {
                self.notice = Some(format!("DESYNC since tick {tick}"));
                self.peer.lamp.turn(Lamp::Red(*tick));
            }
            // What it has yet to do is shown.
            Event::CatchingUp { .. } | Event::Time(_) | Event::Closed(_) => {}
        }
    }

    fn lost(&mut self, words: &str) {
        self.notice = Some(words.into());
    }

    fn over(&mut self) {
        self.screen = None;
    }

    fn shown(&mut self, now: Time, client: &mut Client<G>) -> bool {
        self.read(now, client.slot().zip(client.state()));
        self.peer.refresh(client);
        self.flashes.take(now, client.effects());
        if let Some(behind) = client.behind() {
            self.notice = Some(format!("catching up: {behind} ticks behind"));
        }
        let state = client.state();
        let view = PlayView {
            picture: state.map(|state| {
                let cues = self.flashes.shown();
                self.controls.picture(client.slot(), state, cues)
            }),
            peer: &self.peer,
            notice: self.notice.as_deref(),
            keys: &self.controls.lines(),
        };
        let Some(screen) = &mut self.screen else {
            return true;
        };
        let drawn = screen.draw(now, |frame| draw_play(frame, &view)).is_ok();
        drawn && !self.controls.quit_requested()
    }
}
