//! Bots fight a duel in the terminal, without a network: `cargo run --example watch_bots [BOTS]`.
//! The second peer hears of every tick 5 ticks late, predicts, and rolls back. Q quits.
#![expect(clippy::disallowed_types, reason = "a driver needs a clock")]

use std::collections::VecDeque;
use std::error::Error;
use std::thread::sleep;
use std::time::Instant;

use phalanx::duel::Duel;
use phalanx::tui::{ArenaView, Keyboard, PeerView, Screen, WatchView, draw_watch, hud};
use phalanx_engine::{
    Entry, FrameHash, GameIdentity, Provenance, Repeat, SealedFrame, Setup, Simulation, Slot,
    TickRate, Timeline, Window,
};
use phalanx_netcode::Time;

const LATE_TICKS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let slots: u8 = std::env::args().nth(1).map_or(Ok(2), |n| n.parse())?;
    let rate = TickRate::hz(60);
    let setup = Setup::new(7, slots, rate);
    let window = Window {
        ticks: 8,
        repeat: Repeat { ticks: 30 },
    };
    let mut host = Timeline::new(Duel, &setup, window)?;
    let mut guest = Timeline::new(Duel, &setup, window)?;
    let genesis = FrameHash::genesis(&GameIdentity::of(&Duel), &setup);
    let mut under_way = VecDeque::new();
    let mut peers = [PeerView::new("host"), PeerView::new("guest")];

    let mut screen = Screen::open()?;
    let mut keyboard = Keyboard::new(screen.reports_releases());
    let start = Instant::now();
    while !keyboard.quit_requested() {
        let now = Time::ZERO + start.elapsed();
        while let Some(event) = screen.event()? {
            keyboard.handle(now, &event);
        }

        let mut frame = SealedFrame::empty(genesis);
        frame.tick = host.next();
        for slot in Slot::all(slots) {
            if frame.tick.0 == 0 {
                frame.entries.push(Entry::Join(slot));
            }
            frame.provenance.push(Provenance::Real);
            frame.inputs.push(Duel.bot(host.state(), slot).into());
        }
        host.seal(&frame)?;
        under_way.push_back(frame);
        let heard = under_way.len().saturating_sub(LATE_TICKS);
        for frame in under_way.drain(..heard) {
            guest.seal(&frame)?;
        }
        for (peer, timeline) in peers.iter_mut().zip([&mut host, &mut guest]) {
            while timeline.next() <= under_way.back().map_or(timeline.next(), |frame| frame.tick)
                && timeline.advance().is_ok()
            {}
            peer.follow(timeline);
        }
        hud::compare(&mut peers, &[&host, &guest]);
        let view = WatchView {
            picture: Some(ArenaView::new(guest.state()).into()),
            peers: &peers,
            title: "bots, no network, the guest's world; Q quits",
            notice: None,
        };
        screen.draw(now, |frame| draw_watch(frame, &view))?;
        let due = Time::from_nanos(rate.nanos_at(host.next()));
        sleep(due.since(Time::ZERO + start.elapsed()));
    }
    Ok(())
}
