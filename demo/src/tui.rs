//! The terminal UI: a duel or a skirmish drawn in characters, figures of the peers, and keys that
//! become a [`Pad`](crate::duel::Pad) or [`Order`](crate::skirmish::Order)s.
//!
//! It reads the simulation and never writes to it; what a person does enters as the input of a
//! slot, or its commands. Drawing is a pure function of a view: fill a [`PlayView`] or a [`WatchView`] once per tick
//! and hand it to [`draw_play`] or [`draw_watch`]. [`Screen`] owns the terminal and gives it back
//! whatever happens; [`Keyboard`] knows which keys are held, [`Commander`] who is selected.
//!
//! Nothing here waits for a key or needs a thread, so it fits into the loop that drives a client,
//! once per tick:
//!
//! ```no_run
//! use phalanx::duel::Duel;
//! use phalanx::tui::{ArenaView, Keyboard, PeerView, PlayView, Screen, draw_play, keyboard};
//! use phalanx_netcode::Client;
//! use phalanx_netcode::Time;
//! # fn now() -> Time { Time::ZERO }
//! # async fn drive(client: &mut Client<Duel>) {}
//!
//! # async fn play(mut client: Client<Duel>) -> Result<(), Box<dyn std::error::Error>> {
//! let mut screen = Screen::open()?;
//! let mut keyboard = Keyboard::new(screen.reports_releases());
//! let mut peer = PeerView::new("you");
//! while !keyboard.quit_requested() {
//!     // The socket, up to the moment of the next tick.
//!     drive(&mut client).await;
//!     while let Some(event) = screen.event()? {
//!         keyboard.handle(now(), &event);
//!     }
//!     client.update(now(), |_tick, _arena| keyboard.sample(now()));
//!     peer.refresh(&client);
//!     screen.draw(now(), |frame| {
//!         let arena = client.state().map(ArenaView::new);
//!         let view = PlayView {
//!             picture: arena.map(|arena| arena.own(client.slot()).into()),
//!             peer: &peer,
//!             notice: None,
//!             keys: &keyboard::KEYS,
//!         };
//!         draw_play(frame, &view);
//!     })?;
//! }
//! client.leave();
//! # Ok(())
//! # }
//! ```

pub mod arena;
pub mod battle;
mod color;
pub mod commander;
pub mod flashes;
pub mod hud;
pub mod keyboard;
mod message;
pub mod picture;
pub mod play;
pub mod screen;
mod size;
pub mod watch;

pub use arena::ArenaView;
pub use battle::BattleView;
pub use color::color;
pub use commander::Commander;
pub use flashes::Flashes;
pub use hud::{Lamp, PeerView};
pub use keyboard::Keyboard;
pub use picture::Picture;
pub use play::{PlayView, draw_play};
pub use screen::{Screen, ScreenError};
pub use size::{MIN_HEIGHT, MIN_WIDTH};
pub use watch::{WatchView, draw_watch};
