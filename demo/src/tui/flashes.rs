//! [`Flashes`]: effects that are seen for a moment.

use core::time::Duration;

use phalanx_engine::{EffectEvent, EffectId};
use phalanx_netcode::Time;

/// How long an effect is seen.
const SHOWN: Duration = Duration::from_millis(300);
/// Most effects seen at once; the oldest make room.
const FLASHES_MAX: usize = 256;

/// The effects that are seen at the moment: each from the first word of it, for 300 ms, or until it
/// is cancelled.
#[derive(Clone, Debug)]
pub struct Flashes<E> {
    /// Which, and until when; the oldest first.
    known: Vec<(EffectId, Time)>,
    shown: Vec<E>,
}

impl<E> Default for Flashes<E> {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            shown: Vec::new(),
        }
    }
}

impl<E: Copy> Flashes<E> {
    /// Takes what there is to tell at `now`, and drops what was seen for long enough.
    pub fn take(&mut self, now: Time, events: impl Iterator<Item = EffectEvent<E>>) {
        let old = self.known.iter().take_while(|(_, until)| *until <= now);
        self.drop_oldest(old.count());
        for event in events {
            if let Some(effect) = event.plays() {
                if self.known.len() == FLASHES_MAX {
                    self.drop_oldest(1);
                }
                self.known.push((event.id(), now + SHOWN));
                self.shown.push(effect);
            } else if matches!(event, EffectEvent::Cancelled { .. }) {
                let at = self.known.iter().position(|(id, _)| *id == event.id());
                if let Some(at) = at {
                    self.known.remove(at);
                    self.shown.remove(at);
                }
            }
        }
    }

    /// What is seen, the oldest first.
    #[must_use]
    pub fn shown(&self) -> &[E] {
        &self.shown
    }

    fn drop_oldest(&mut self, count: usize) {
        self.known.drain(..count);
        self.shown.drain(..count);
    }
}

#[cfg(test)]
mod tests {
    use phalanx_engine::Tick;

    use super::*;

    #[test]
    fn what_is_seen_is_seen_once_for_a_while_unless_it_is_cancelled() {
        let at = |ms| Time::ZERO + Duration::from_millis(ms);
        let tick = Tick(1);
        let predicted = |id, effect| EffectEvent::Predicted {
            id: EffectId(id),
            tick,
            effect,
        };
        let confirmed = |id, effect, predicted| EffectEvent::Confirmed {
            id: EffectId(id),
            tick,
            effect,
            predicted,
        };
        let cancelled = |id, effect| EffectEvent::Cancelled {
            id: EffectId(id),
            tick,
            effect,
        };
        let mut flashes = Flashes::default();
        flashes.take(at(0), [predicted(0, 'a'), predicted(1, 'b')].into_iter());
        assert_eq!(flashes.shown(), ['a', 'b']);
        let more = [
            confirmed(0, 'a', Some(tick)),
            confirmed(2, 'c', None),
            cancelled(1, 'b'),
        ];
        flashes.take(at(100), more.into_iter());
        assert_eq!(flashes.shown(), ['a', 'c']);
        flashes.take(at(300), [cancelled(0, 'a')].into_iter());
        assert_eq!(flashes.shown(), ['c']);
        flashes.take(at(400), core::iter::empty());
        assert!(flashes.shown().is_empty());
        let many = (0..300).map(|id| predicted(id, 'x'));
        flashes.take(at(500), many);
        assert_eq!(flashes.shown().len(), FLASHES_MAX);
    }
}
