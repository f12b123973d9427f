//! [`Ballot`]: the relay compares what the players hold, without knowing what it is.

use phalanx_engine::{Digest, Slot, Tick};

use crate::limits::{QUORUM_LAG_MAX, VOTES_KEPT};
use crate::ring::position;

/// The first tick after which two players held different worlds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The tick; its step, or one between it and the tick agreed before, went different ways.
    pub tick: Tick,
    /// The chained digest of every slot that voted for that tick so far.
    pub votes: Vec<(Slot, Digest)>,
}

/// Votes of one tick, one per slot.
#[derive(Clone, Debug)]
struct Row {
    tick: Tick,
    digests: Vec<Option<Digest>>,
    /// What a referee holds.
    judged: Option<Digest>,
}

impl Row {
    /// Makes it the row of `tick`, if it is of an older one.
    fn begin(&mut self, tick: Tick) {
        if self.tick < tick {
            self.tick = tick;
            self.digests.fill(None);
            self.judged = None;
        }
    }
}

fn accuse(wrong: &mut Vec<(Slot, Tick)>, slot: Slot, tick: Tick) {
    if wrong.iter().all(|(known, _)| *known != slot) {
        wrong.push((slot, tick));
    }
}

#[derive(Clone, Copy, Debug)]
struct Voter {
    seated: bool,
    /// The tick after the newest one that it voted for.
    next: Tick,
}

/// Chained digests of confirmed ticks, per slot and tick.
///
/// A tick is *agreed* when every voter of the quorum sent the same digest for it and all before.
/// The quorum are the seated slots whose newest vote is at most [`QUORUM_LAG_MAX`] ticks behind
/// the newest of all: a peer that falls back cannot hold the others up.
#[derive(Clone, Debug)]
pub(crate) struct Ballot {
    voters: Vec<Voter>,
    rows: Vec<Row>,
    /// The first tick there is.
    first: Tick,
    agreed_next: Tick,
    disagreement: Option<Disagreement>,
    /// Slots whose votes differed from a referee's, and the first tick for which one did.
    wrong: Vec<(Slot, Tick)>,
}

impl Ballot {
    pub(crate) fn new(slots: u8, first: Tick) -> Self {
        let row = Row {
            tick: first,
            digests: vec![None; slots.into()],
            judged: None,
        };
        let voter = Voter {
            seated: false,
            next: first,
        };
        Self {
            voters: vec![voter; slots.into()],
            rows: (0..VOTES_KEPT).map(|_| row.clone()).collect(),
            first,
            agreed_next: first,
            disagreement: None,
            wrong: Vec::new(),
        }
    }

    /// A referee holds `digest` after `tick`.
    pub(crate) fn judge(&mut self, tick: Tick, digest: Digest) {
        let row = self.row(tick);
        let row = &mut self.rows[row];
        if row.tick > tick {
            return; // Older than what is kept.
        }
        row.begin(tick);
        row.judged = Some(digest);
        for (slot, vote) in Slot::all(u8::MAX).zip(&row.digests) {
            if vote.is_some_and(|vote| vote != digest) {
                accuse(&mut self.wrong, slot, tick);
            }
        }
    }

    /// Slots whose players held another world than a referee, and the first tick for which one said so.
    pub(crate) fn wrong(&self) -> &[(Slot, Tick)] {
        &self.wrong
    }

    /// Nobody is asked any more for what is before `next`.
    pub(crate) const fn go_on(&mut self, next: Tick) {
        self.agreed_next = next;
    }

    /// `slot` votes, for `next` and what comes after it.
    pub(crate) fn sit(&mut self, slot: Slot, next: Tick) {
        self.voters[usize::from(slot.0)] = Voter { seated: true, next };
    }

    /// It votes no more.
    pub(crate) fn rise(&mut self, slot: Slot) {
        self.voters[usize::from(slot.0)] = Voter {
            seated: false,
            next: self.first,
        };
    }

    /// The first tick that is not agreed; all before it are.
    pub(crate) const fn agreed_next(&self) -> Tick {
        self.agreed_next
    }

    /// The tick after the newest one that `slot` voted for.
    pub(crate) fn next(&self, slot: Slot) -> Tick {
        self.voters[usize::from(slot.0)].next
    }

    /// Where the players parted, if they did.
    pub(crate) const fn disagreement(&self) -> Option<&Disagreement> {
        self.disagreement.as_ref()
    }

    /// The digest that all agreed on after `tick`; `None` if they did not, or nobody knows any more.
    pub(crate) fn agreed(&self, tick: Tick) -> Option<Digest> {
        let row = &self.rows[self.row(tick)];
        let agreed = tick < self.agreed_next && row.tick == tick;
        let digest = row.digests.iter().flatten().next().copied()?;
        let alike = row.digests.iter().flatten().all(|other| *other == digest);
        (agreed && alike).then_some(digest)
    }

    fn row(&self, tick: Tick) -> usize {
        position(tick, VOTES_KEPT)
    }

    /// Takes one vote. Votes of a slot come in order; one that was there already is ignored, and a
    /// slot that leaves ticks out has fallen out of the quorum for those. Returns whether this
    /// vote is the first to disagree.
    pub(crate) fn vote(&mut self, slot: Slot, tick: Tick, digest: Digest) -> bool {
        let voter = &mut self.voters[usize::from(slot.0)];
        if !voter.seated || tick < voter.next {
            return false;
        }
        voter.next = tick.next();
        let row = self.row(tick);
        let row = &mut self.rows[row];
        if row.tick > tick {
            return false; // Older than what is kept.
        }
        row.begin(tick);
        row.digests[usize::from(slot.0)] = Some(digest);
        if row.judged.is_some_and(|judged| judged != digest) {
            accuse(&mut self.wrong, slot, tick);
        }

        let differs = row.digests.iter().flatten().any(|other| *other != digest);
        let known = self
            .disagreement
            .as_ref()
            .is_some_and(|known| known.tick <= tick);
        if differs && !known {
            let votes = Slot::all(u8::MAX).zip(&row.digests);
            let votes = votes
                .filter_map(|(slot, vote)| vote.map(|vote| (slot, vote)))
                .collect();
            self.disagreement = Some(Disagreement { tick, votes });
            return true;
        }
        false
    }

    /// Moves the agreed tick as far as the votes allow.
    pub(crate) fn agree(&mut self) {
        let newest = self
            .voters
            .iter()
            .map(|voter| voter.next)
            .max()
            .unwrap_or_default();
        // Votes are chained: whoever agrees on a tick agrees on all before it, also on those whose
        // votes nobody has kept.
        let oldest = Tick(newest.0.saturating_sub(VOTES_KEPT));
        let mut tick = self.agreed_next.max(oldest);
        while tick < newest {
            match self.verdict(tick, newest) {
                Verdict::Agreed => self.agreed_next = tick.next(),
                Verdict::Unknown => {}
                Verdict::Open => return,
            }
            tick = tick.next();
        }
    }

    fn verdict(&self, tick: Tick, newest: Tick) -> Verdict {
        let row = &self.rows[self.row(tick)];
        let quorum = || {
            let seated = self
                .voters
                .iter()
                .zip(&row.digests)
                .filter(|(voter, _)| voter.seated);
            seated.filter(|(voter, _)| newest.since(voter.next) <= QUORUM_LAG_MAX.cast_signed())
        };
        if !quorum().all(|(voter, _)| voter.next > tick) {
            return Verdict::Open;
        }
        if row.tick != tick {
            return Verdict::Unknown;
        }
        let mut votes = quorum().filter_map(|(_, digest)| *digest);
        let Some(first) = votes.next() else {
            return Verdict::Unknown;
        };
        if votes.all(|vote| vote == first) {
            Verdict::Agreed
        } else {
            Verdict::Open
        }
    }
}

/// What the quorum says of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// All votes for it are the same.
    Agreed,
    /// The whole quorum is beyond it, and none of its votes for it is kept.
    Unknown,
    /// Somebody's vote is missing, or two differ.
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(slots: u8) -> Ballot {
        ballot_from(slots, Tick::ZERO)
    }

    fn ballot_from(slots: u8, first: Tick) -> Ballot {
        let mut ballot = Ballot::new(slots, first);
        Slot::all(slots).for_each(|slot| ballot.sit(slot, first));
        ballot
    }

    #[test]
    fn agreed_is_what_all_voted_alike() {
        let mut ballot = ballot(2);
        for tick in 0..3 {
            assert!(!ballot.vote(Slot(0), Tick(tick), Digest(tick)));
        }
        ballot.agree();
        assert_eq!(ballot.agreed_next(), Tick(0));
        ballot.vote(Slot(1), Tick(0), Digest(0));
        ballot.vote(Slot(1), Tick(1), Digest(1));
        ballot.agree();
        assert_eq!(ballot.agreed_next(), Tick(2));
        let agreed = [0, 1, 2].map(|tick| ballot.agreed(Tick(tick)));
        assert_eq!(agreed, [Some(Digest(0)), Some(Digest(1)), None]);
    }

    /// Wherever in the ring that is.
    #[test]
    fn votes_begin_with_the_session() {
        for first in [1, 511, (1 << 32) - 3, 1 << 48].map(Tick) {
            let mut ballot = ballot_from(2, first);
            assert_eq!(ballot.agreed_next(), first);
            assert!(!ballot.vote(Slot(0), first.saturating_sub(1), Digest(1)));
            ballot.agree();
            assert_eq!((ballot.agreed_next(), ballot.next(Slot(0))), (first, first));
            for tick in first.until(first + 600) {
                for slot in Slot::all(2) {
                    assert!(!ballot.vote(slot, tick, Digest(tick.0)));
                }
                ballot.agree();
                assert_eq!(ballot.agreed_next(), tick.next());
            }
        }
    }

    #[test]
    fn the_first_difference_is_reported_once() {
        let mut ballot = ballot(3);
        for slot in Slot::all(3) {
            assert!(!ballot.vote(slot, Tick(0), Digest(7)));
        }
        assert!(!ballot.vote(Slot(0), Tick(1), Digest(8)));
        assert!(ballot.vote(Slot(2), Tick(1), Digest(9)));
        assert!(!ballot.vote(Slot(1), Tick(1), Digest(8)), "known already");
        ballot.agree();
        assert_eq!(ballot.agreed_next(), Tick(1));
        let votes = vec![(Slot(0), Digest(8)), (Slot(2), Digest(9))];
        assert_eq!(
            ballot.disagreement(),
            Some(&Disagreement {
                tick: Tick(1),
                votes
            })
        );
    }

    /// Also when the votes that differed are no longer kept.
    #[test]
    fn nothing_after_a_difference_is_agreed() {
        let mut ballot = ballot(2);
        for tick in 0..3 * VOTES_KEPT {
            let parted = if tick < 300 { 0 } else { 1 };
            ballot.vote(Slot(0), Tick(tick), Digest(tick));
            ballot.vote(Slot(1), Tick(tick), Digest(tick + parted));
            ballot.agree();
        }
        assert_eq!(ballot.agreed_next(), Tick(300));
        ballot.rise(Slot(1));
        ballot.agree();
        assert_eq!(
            ballot.agreed_next(),
            Tick(3 * VOTES_KEPT),
            "who is left agrees with itself"
        );
    }

    #[test]
    fn who_falls_back_leaves_the_quorum() {
        let mut ballot = ballot(2);
        for tick in 0..QUORUM_LAG_MAX {
            ballot.vote(Slot(0), Tick(tick), Digest(tick));
            ballot.agree();
        }
        assert_eq!(ballot.agreed_next(), Tick(0), "the other may still come");
        ballot.vote(Slot(0), Tick(QUORUM_LAG_MAX), Digest(0));
        ballot.agree();
        assert_eq!(ballot.agreed_next(), Tick(QUORUM_LAG_MAX + 1));
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let mut ballot = ballot(2);
        ballot.vote(Slot(0), Tick(0), Digest(1));
        ballot.rise(Slot(1));
        ballot.agree();
        assert_eq!(ballot.agreed_next(), Tick(1));
        assert!(
            !ballot.vote(Slot(1), Tick(0), Digest(2)),
            "nobody sits there"
        );
    }
}
