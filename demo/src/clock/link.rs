//! [`Link`]: one direction, and what it does to packets.
//!
//! A run of seed `s` has three streams of random numbers, from `s * 7919 + 1` with a constant for the
//! holds, which both directions share, and one for each direction. They are drawn in the order in which
//! packets are sent, so that a seed and the times of the packets give the same trace everywhere.

use super::noise::Noise;
use super::scenario::{EVENT, Scenario};
use super::{MS, SECOND, TICK};

/// Packets that may not overtake each other are at least this far apart.
const APART: i64 = 20_000;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the server.
    Up,
    /// To the client.
    Down,
}

/// One direction of a link.
#[derive(Clone, Debug)]
pub struct Link {
    base_ms: f64,
    jitter_ms: f64,
    bloat_ms: f64,
    step_ms: f64,
    loss: Option<Loss>,
    noise: Noise,
    /// From when until when it holds everything back, the past ones removed.
    holds: Vec<(i64, i64)>,
    in_order: bool,
    last_arrival: i64,
}

impl Link {
    /// The link of a scenario under a seed.
    #[must_use]
    pub fn new(scenario: &Scenario, direction: Direction, seed: u64) -> Self {
        let stream = seed.wrapping_mul(7919).wrapping_add(1);
        let up = direction == Direction::Up;
        Self {
            base_ms: if up { scenario.up_ms } else { scenario.down_ms },
            jitter_ms: scenario.jitter_ms,
            bloat_ms: scenario.bloat_ms,
            step_ms: if up { scenario.step_ms } else { 0.0 },
            loss: (scenario.loss > 0.0).then(|| Loss::new(scenario.loss)),
            noise: Noise::new(stream ^ if up { 0x1111 } else { 0x2222 }),
            holds: if scenario.holds {
                holds(&mut Noise::new(stream ^ 0xB0B0), scenario.length)
            } else {
                Vec::new()
            },
            in_order: scenario.holds || scenario.bloat_ms > 0.0,
            last_arrival: 0,
        }
    }

    /// When a packet that is sent now arrives, if it does.
    pub fn send(&mut self, now: i64) -> Option<i64> {
        let noise = &mut self.noise;
        let lost = self
            .loss
            .as_mut()
            .is_some_and(|loss| loss.loses(now, noise));
        let jitter_ms = noise.half_normal() * self.jitter_ms;
        if lost {
            return None;
        }
        let mut delay_ms = self.base_ms + jitter_ms + self.bloat_ms * bloat(now);
        if now >= EVENT {
            delay_ms += self.step_ms;
        }
        let mut arrival = now + (delay_ms * MS as f64) as i64;
        self.holds.retain(|(_, end)| *end >= now);
        if let Some((_, end)) = self.holds.first().filter(|(begin, _)| *begin <= now) {
            arrival = arrival.max(end + (self.base_ms * MS as f64) as i64);
        }
        if self.in_order {
            arrival = arrival.max(self.last_arrival + APART);
        }
        self.last_arrival = arrival;
        Some(arrival)
    }
}

/// How full the queue is: every 30 s nothing for 20 s, up in 3 s, full for 2 s, empty in 1 s.
fn bloat(now: i64) -> f64 {
    let phase = (now % (30 * SECOND)) as f64 / SECOND as f64;
    if phase < 20.0 {
        0.0
    } else if phase < 23.0 {
        (phase - 20.0) / 3.0
    } else if phase < 25.0 {
        1.0
    } else {
        (26.0 - phase).max(0.0)
    }
}

/// Gaps of 5 s, exponentially distributed, between holds of 20 to 120 ms.
fn holds(noise: &mut Noise, length: i64) -> Vec<(i64, i64)> {
    let nanos = |seconds: f64| (seconds * SECOND as f64) as i64;
    let (mut holds, mut time) = (Vec::new(), 0.0);
    loop {
        time += 5.0 * noise.exponential();
        let hold = 0.020 + 0.100 * noise.uniform();
        if nanos(time) > length {
            return holds;
        }
        holds.push((nanos(time), nanos(time + hold)));
        time += hold;
    }
}

/// Bursts of loss (Gilbert 1960, Elliott 1963), in time: a burst is left with probability 1/2 in a tick,
/// whatever is sent in it.
#[derive(Clone, Debug)]
struct Loss {
    /// Probability to enter a burst in a tick.
    enter: f64,
    bad: bool,
    asked: i64,
}

impl Loss {
    fn new(share: f64) -> Self {
        Self {
            enter: 0.5 * share / (1.0 - share),
            bad: false,
            asked: 0,
        }
    }

    fn loses(&mut self, now: i64, noise: &mut Noise) -> bool {
        let ticks = ((now - self.asked).max(0) as f64 / TICK).min(50.0);
        self.asked = now;
        let change = if self.bad { 0.5 } else { self.enter };
        if noise.uniform() < 1.0 - (1.0 - change).powf(ticks) {
            self.bad = !self.bad;
        }
        self.bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str, direction: Direction) -> Link {
        Link::new(&Scenario::named(name).unwrap(), direction, 1)
    }

    fn delays(link: &mut Link, seconds: i64) -> Vec<Option<i64>> {
        let sent = (0..seconds * 60).map(super::super::due);
        sent.map(|at| link.send(at).map(|arrival| arrival - at))
            .collect()
    }

    #[test]
    fn loses_its_share_in_bursts_that_more_packets_do_not_shorten() {
        for per_tick in [1, 4] {
            let mut link = link("loss-10", Direction::Up);
            let sent = (0..600_000).map(|i| link.send(i * SECOND / 60 / per_tick));
            let lost: Vec<_> = sent.map(|arrival| arrival.is_none()).collect();
            let share = lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64;
            let bursts = lost.windows(2).filter(|pair| pair[0] && !pair[1]).count();
            let burst = share * lost.len() as f64 / bursts as f64 / per_tick as f64;
            // Two ticks and the whole share as seen once a tick; somewhat less when looked at more often.
            assert!((0.08..0.11).contains(&share), "{share}");
            assert!((1.4..2.1).contains(&burst), "{burst}");
        }
    }

    #[test]
    fn a_step_is_on_the_way_up_only() {
        for (direction, base) in [(Direction::Up, 100.0), (Direction::Down, 40.0)] {
            let mut link = link("step-up", direction);
            let after = link.send(EVENT).unwrap() - EVENT;
            assert!((after - (base * MS as f64) as i64) < 20 * MS, "{after}");
            assert!(after as f64 >= base * MS as f64, "{after}");
        }
    }

    #[test]
    fn both_ways_hold_at_the_same_time_and_in_order() {
        let [up, down] = [Direction::Up, Direction::Down].map(|way| link("wifi", way));
        assert_eq!(up.holds, down.holds);
        assert!((40..80).contains(&up.holds.len()), "{}", up.holds.len());
        let (mut up, mut last) = (up, 0);
        for tick in 0..18_000 {
            let arrival = up.send(super::super::due(tick)).unwrap();
            assert!(arrival >= last + APART);
            last = arrival;
        }
    }

    #[test]
    fn a_queue_fills_and_drains() {
        let delays = delays(&mut link("bloat", Direction::Up), 30);
        let at = |second: usize| delays[second * 60].unwrap() / MS;
        assert!(at(19) < 55 && at(24) >= 190 && at(27) < 55);
    }
}
